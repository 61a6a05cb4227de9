import type { Token } from '../../model/token.js';
import { findTokenByHash, putBootstrapToken } from '../../storage/tokens.js';
import type { Tx } from '../../storage/sql.js';
import type { Work } from '../work.js';
import { hashToken } from './token-secret.js';

/** The token behind a secret; undefined when there is none, or none that is valid now. */
export async function authenticate(tx: Tx, { secret }: { secret: string }): Promise<Token | undefined> {
  return findTokenByHash(tx, hashToken(secret));
}

const bootstrapId = '00000000-0000-7000-8000-000000000000';

/** Makes the configured admin token valid, and the one configured before it invalid. */
export async function installBootstrapToken(work: Work, { secret }: { secret: string }): Promise<void> {
  await putBootstrapToken(work.tx, bootstrapId, hashToken(secret));
  work.audit({ resourceType: 'token', resourceId: bootstrapId, before: null, after: { name: 'bootstrap', role: 'admin' } });
}
