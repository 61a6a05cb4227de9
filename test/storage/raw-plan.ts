/** Rows made by plain SQL, past all of our code: what a test of the database's own promises starts from. */
import { randomUUID } from 'node:crypto';
import type { TestDatabase } from '../support/database.js';

export class RawPlan {
  constructor(private readonly database: TestDatabase) {}

  async space(name = `space-${randomUUID()}`): Promise<string> {
    const id = randomUUID();
    await this.database.query('insert into spaces (id, name) values ($1, $2)', [id, name]);
    await this.database.query('select create_space_partition(s) from spaces s where id = $1', [id]);
    return id;
  }

  /** A pool with prefixes; `parent` is the parent's id and the parent's prefix they are taken from. */
  async pool(spaceId: string, prefixes: readonly string[], parent?: { id: string; prefix: string }): Promise<string> {
    const id = randomUUID();
    await this.database.query(`insert into pools (id, space_id, parent_id, name, policy) values ($1, $2, $3, $4, '{"quarantineSeconds": 0}')`, [id, spaceId, parent?.id ?? null, `pool-${id}`]);
    for (const prefix of prefixes) await this.poolPrefix(id, spaceId, prefix, parent);
    return id;
  }

  async poolPrefix(poolId: string, spaceId: string, prefix: string, parent?: { id: string; prefix: string }): Promise<void> {
    await this.database.query('insert into pool_prefixes (pool_id, space_id, prefix, parent_id, parent_prefix) values ($1, $2, $3, $4, $5)', [
      poolId,
      spaceId,
      prefix,
      parent?.id ?? null,
      parent?.prefix ?? null,
    ]);
  }

  async free(poolId: string, prefix: string, poolPrefix = prefix): Promise<void> {
    await this.database.query('insert into free_blocks (pool_id, prefix, pool_prefix) values ($1, $2, $3)', [poolId, prefix, poolPrefix]);
  }

  async allocation(spaceId: string, poolId: string, poolPrefix: string, prefix: string, more: { state?: string; deviceId?: string } = {}): Promise<string> {
    const id = randomUUID();
    await this.database.query(
      `insert into allocations (id, space_id, pool_id, pool_prefix, prefix, state, holder, service, request, device_id, quarantined_until)
       values ($1, $2, $3, $4, $5, $6, 'holder', 'service', '{}', $7, case when $6 = 'quarantined' then now() end)`,
      [id, spaceId, poolId, poolPrefix, prefix, more.state ?? 'active', more.deviceId ?? null],
    );
    return id;
  }

  async device(spaceId: string, kind = 'bng'): Promise<string> {
    const id = randomUUID();
    await this.database.query(`insert into devices (id, space_id, name, kind, adapter) values ($1, $2, $3, $4, 'pull')`, [id, spaceId, `device-${id}`, kind]);
    await this.database.query('insert into deliveries (device_id) values ($1)', [id]);
    return id;
  }
}

interface PostgresError {
  readonly code?: string;
  readonly constraint?: string;
  readonly message: string;
}

/** The refusal of a statement: its SQLSTATE, the constraint that refused and the message. Fails when it is not refused. */
export async function refusalOf(work: Promise<unknown>): Promise<PostgresError> {
  try {
    await work;
  } catch (error) {
    return error as PostgresError;
  }
  throw new Error('the database did not refuse');
}
