import * as tokens from '../../storage/tokens.js';
import { found } from '../not-found.js';
import { cancelWaitingOf } from '../waiting/end-waiting.js';
import type { Work } from '../work.js';

/** Ends a token at once, and with it what waits in its name; its holds end by their timers. @throws CasmError `token-not-found` */
export async function deleteToken(work: Work, { tokenId }: { tokenId: string }): Promise<void> {
  const before = found(await tokens.deleteToken(work.tx, tokenId), 'token', tokenId);
  work.audit({ resourceType: 'token', resourceId: tokenId, before, after: null });
  await cancelWaitingOf(work, tokenId);
}
