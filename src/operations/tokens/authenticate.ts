import type { Token } from '../../model/token.js';
import { deleteToken, findTokensByHash, putBootstrapToken } from '../../storage/tokens.js';
import type { Tx } from '../../storage/sql.js';
import { cancelWaitingOf } from '../waiting/end-waiting.js';
import type { Work } from '../work.js';
import { hashToken } from './token-secret.js';

/** The tokens behind secrets; undefined where there is none, or none that is valid now. */
export async function authenticate(tx: Tx, secrets: readonly string[]): Promise<(Token | undefined)[]> {
  const hashes = secrets.map(hashToken);
  const found = await findTokensByHash(tx, hashes);
  return hashes.map((hash) => found.get(hash.toString('hex')));
}

const bootstrapId = '00000000-0000-7000-8000-000000000000';

/** Makes the configured admin token valid, and the one configured before it invalid; that one, too, when none is configured any more. */
export async function installBootstrapToken(work: Work, { secret }: { secret: string | undefined }): Promise<void> {
  const token = { name: 'bootstrap', role: 'admin' };
  if (secret === undefined) {
    const ended = await deleteToken(work.tx, bootstrapId);
    if (ended === undefined) return;
    work.audit({ resourceType: 'token', resourceId: bootstrapId, before: token, after: null });
    await cancelWaitingOf(work, bootstrapId);
  } else if (await putBootstrapToken(work.tx, bootstrapId, hashToken(secret))) {
    work.audit({ resourceType: 'token', resourceId: bootstrapId, before: null, after: token });
  }
}
