/** The table of API tokens: hashes, never secrets. */
import type { PageRequest } from '../model/page.js';
import type { Role, Token } from '../model/token.js';
import { oneRow, prepared, row, rows, time, type Tx } from './sql.js';

interface TokenRow {
  id: string;
  name: string;
  role: Role;
  device_id: string | null;
  expires_at: Date | null;
  created_at: Date;
}

const columns = 'id, name, role, device_id, expires_at, created_at';

function toToken(found: TokenRow): Token {
  const { id, name, role, device_id, expires_at, created_at } = found;
  return { id, name, role, deviceId: device_id, expiresAt: time(expires_at), createdAt: time(created_at) };
}

export async function insertToken(tx: Tx, token: Omit<Token, 'createdAt'>, hash: Buffer): Promise<Token> {
  const inserted = await oneRow<TokenRow>(tx, `insert into tokens (id, name, role, device_id, expires_at, hash) values ($1, $2, $3, $4, $5, $6) returning ${columns}`, [
    token.id,
    token.name,
    token.role,
    token.deviceId,
    token.expiresAt,
    hash,
  ]);
  return toToken(inserted);
}

/** Those of the tokens behind these hashes that are valid now, by hash in hex. */
export async function findTokensByHash(tx: Tx, hashes: readonly Buffer[]): Promise<Map<string, Token>> {
  const found = await prepared<TokenRow & { hash: Buffer }>(
    tx,
    `select ${columns}, hash from tokens where hash = any($1::bytea[]) and (expires_at is null or expires_at > now())`,
    [hashes],
  );
  return new Map(found.map((token) => [token.hash.toString('hex'), toToken(token)]));
}

export async function tokenIsValid(tx: Tx, id: string): Promise<boolean> {
  return (await row(tx, 'select from tokens where id = $1 and (expires_at is null or expires_at > now())', [id])) !== undefined;
}

/** The bootstrap admin token: exactly one secret is valid under its id. @returns whether that is news */
export async function putBootstrapToken(tx: Tx, id: string, hash: Buffer): Promise<boolean> {
  const changed = await rows(
    tx,
    `insert into tokens (id, name, role, hash) values ($1, 'bootstrap', 'admin', $2)
     on conflict (id) do update set hash = excluded.hash where tokens.hash <> excluded.hash returning id`,
    [id, hash],
  );
  return changed.length > 0;
}

export async function deleteToken(tx: Tx, id: string): Promise<Token | undefined> {
  const found = await row<TokenRow>(tx, `delete from tokens where id = $1 returning ${columns}`, [id]);
  return found && toToken(found);
}

export async function listTokens(tx: Tx, page: PageRequest): Promise<Token[]> {
  const found = await rows<TokenRow>(tx, `select ${columns} from tokens where ($1::uuid is null or id > $1) order by id limit $2`, [page.after, page.limit + 1]);
  return found.map(toToken);
}
