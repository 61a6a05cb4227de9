/** The table of spaces. A new space gets its partition of allocations in the same transaction. */
import type { Labels, Space } from '../model/space.js';
import type { PageRequest } from '../model/page.js';
import { oneRow, row, rows, time, type Tx } from './sql.js';

interface SpaceRow {
  id: string;
  name: string;
  description: string;
  labels: Labels;
  version: string;
  created_at: Date;
}

function toSpace(found: SpaceRow): Space {
  const { id, name, description, labels, version, created_at } = found;
  return { id, name, description, labels, version, createdAt: time(created_at) };
}

export async function insertSpace(tx: Tx, space: { id: string; name: string; description: string; labels: Labels }): Promise<Space> {
  // Attaching a partition locks what it refers to. Taken first, and in the order of other writers, that makes two creations
  // wait for each other instead of meeting in a deadlock.
  await rows(tx, 'lock table spaces, pools, pool_prefixes, devices in share row exclusive mode');
  const inserted = await oneRow<SpaceRow>(tx, 'insert into spaces (id, name, description, labels) values ($1, $2, $3, $4) returning *', [
    space.id,
    space.name,
    space.description,
    space.labels,
  ]);
  await rows(tx, 'select create_space_partition(s) from spaces s where id = $1', [space.id]);
  return toSpace(inserted);
}

export async function findSpace(tx: Tx, id: string): Promise<Space | undefined> {
  const found = await row<SpaceRow>(tx, 'select * from spaces where id = $1', [id]);
  return found && toSpace(found);
}

/** Takes the space's turn for what looks at all of its roots before it adds to them. Rows that merely refer to it go on. */
export async function lockSpace(tx: Tx, id: string): Promise<Space | undefined> {
  const found = await row<SpaceRow>(tx, 'select * from spaces where id = $1 for no key update', [id]);
  return found && toSpace(found);
}

export async function listSpaces(tx: Tx, page: PageRequest, labels: Labels | null): Promise<Space[]> {
  const found = await rows<SpaceRow>(
    tx,
    'select * from spaces where ($1::uuid is null or id > $1) and ($2::jsonb is null or labels @> $2) order by id limit $3',
    [page.after, labels, page.limit + 1],
  );
  return found.map(toSpace);
}
