import { CasmError } from '../../model/errors.js';
import type { Role, Token } from '../../model/token.js';
import { insertToken } from '../../storage/tokens.js';
import { findDevice } from '../../storage/devices.js';
import { found } from '../not-found.js';
import type { Work } from '../work.js';
import { hashToken, newTokenSecret } from './token-secret.js';

export interface TokenRequest {
  readonly name: string;
  readonly role: Role;
  readonly deviceId?: string;
  readonly expiresAt?: string;
}

/** @throws CasmError `invalid-request`, `device-not-found` */
export async function createToken(work: Work, request: TokenRequest): Promise<Token & { token: string }> {
  const { name, role, deviceId = null, expiresAt = null } = request;
  if ((role === 'device') !== (deviceId !== null)) {
    throw new CasmError('invalid-request', role === 'device' ? 'a token of role device names its deviceId' : `a token of role ${role} has no deviceId`, {
      errors: [{ in: 'body', pointer: '/deviceId', detail: 'goes with role device, and only with it' }],
    });
  }
  if (expiresAt !== null && !(new Date(expiresAt) > work.now)) {
    throw new CasmError('invalid-request', `expiresAt ${expiresAt} is not in the future`, { errors: [{ in: 'body', pointer: '/expiresAt', detail: 'must be in the future' }] });
  }
  if (deviceId !== null) found(await findDevice(work.tx, deviceId), 'device', deviceId);
  const secret = newTokenSecret();
  const token = await insertToken(work.tx, { id: work.newId(), name, role, deviceId, expiresAt }, hashToken(secret));
  work.audit({ resourceType: 'token', resourceId: token.id, before: null, after: token });
  return { ...token, token: secret };
}
