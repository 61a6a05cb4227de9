import type { WaitingRequest } from '../../model/waiting-request.js';
import type { Tx } from '../../storage/sql.js';
import { findWaitingRequest } from '../../storage/waiting-requests.js';
import { found } from '../not-found.js';

/** @throws CasmError `waiting-request-not-found` */
export async function getWaitingRequest(tx: Tx, { waitingRequestId }: { waitingRequestId: string }): Promise<WaitingRequest> {
  return found(await findWaitingRequest(tx, waitingRequestId), 'waiting-request', waitingRequestId);
}
