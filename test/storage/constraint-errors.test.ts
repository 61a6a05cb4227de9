/** Every constraint of the migrations either has words for callers or is listed here with the reason why none can meet it. */
import { randomUUID } from 'node:crypto';
import { QueryFailedError } from 'typeorm';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { CasmError, errorCodes } from '../../src/model/errors.js';
import { isPassing, translate } from '../../src/storage/constraint-errors.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { RawPlan } from './raw-plan.js';

/** Met only when our own code is wrong, and then an internal error is the truth. */
const unmapped: Record<string, string> = {
  // Keys that we make ourselves, of random bits.
  allocations_pkey: 'ids are made here',
  certificates_pkey: 'ids are made here',
  devices_pkey: 'ids are made here',
  pools_pkey: 'ids are made here',
  spaces_pkey: 'ids are made here',
  tokens_pkey: 'ids are made here; the bootstrap token upserts',
  audit_pkey: 'an identity column',
  spaces_number_key: 'an identity column',
  tokens_hash_unique: 'hashes of 32 random bytes',
  // Written with on conflict, or under the turn of the pool or the device.
  controllers_pkey: 'upserted',
  idempotency_keys_pkey: 'on conflict do nothing',
  reports_pkey: 'on conflict do nothing',
  deliveries_pkey: 'inserted with its device',
  device_memories_pkey: 'upserted',
  free_blocks_pkey: 'the pool is locked',
  pool_prefixes_pkey: 'overlaps are refused by the exclusion constraint as well',
  free_blocks_inside_pool: 'the allocator computes it',
  free_blocks_pool_prefix: 'the pool is locked',
  // Held by the code that writes the row.
  allocations_inside_pool: 'the allocator takes it out of the pool prefix',
  allocations_device_revision: 'set together',
  allocations_rpki_revision: 'set together',
  allocations_quarantine: 'set together',
  allocations_hold: 'set together',
  deliveries_in_order: 'revisions only grow, and are acknowledged no higher than rendered',
  pool_prefixes_parent_complete: 'set together',
  pool_prefixes_pool: 'inserted after its pool',
  pools_id_in_space: 'follows from the primary key',
  tokens_device_role: 'checked by createToken with a better sentence',
  // What has happened: written by the sealing job alone, under its lock, and changed by nobody.
  audit_kept: 'deleted from by the retention alone',
  audit_seals_append_only: 'only added to',
  audit_seals_pkey: 'numbered under the lock of the seals',
  audit_seals_number_check: 'numbered from 1',
  audit_seals_row_hashes_check: 'a hash for each row, and a row at least',
  audit_seals_hash_check: 'SHA-256',
  audit_seals_previous_hash_check: 'SHA-256',
  journal_epoch_pkey: 'one row, written by its migration',
  journal_epoch_one_check: 'one row, written by its migration',
  // Held by the contract: only what is in its enums and bounds gets this far.
  allocations_state_check: 'the states of the model',
  allocations_origin_as_check: 'bounded by the contract',
  certificates_action_check: 'the actions of the model',
  certificates_state_check: 'the states of the model',
  devices_kind_check: 'an enum of the contract',
  devices_state_check: 'an enum of the contract',
  tokens_role_check: 'an enum of the contract',
  idempotency_keys_key_check: 'bounded by the contract',
  pools_state: 'the states of the model',
  alarms_family_check: 'written by the sampler',
  alarms_cleared: 'set together',
  alarms_pkey: 'ids are made here',
  alarms_pool_exists: 'goes with its pool',
  usage_samples_family_check: 'written by the sampler',
  usage_samples_grain_check: 'written by the sampler',
  usage_samples_pkey: 'upserted by the sampler',
  usage_samples_pool_exists: 'goes with its pool',
  // What keeps the sums of quotas: triggers, which refuse nothing.
  allocations_quota_gains: 'counts',
  allocations_quota_losses: 'counts',
  allocations_quota_moves: 'counts',
  quotas_pkey: 'ids are made here',
  waiting_requests_pkey: 'ids are made here',
  waiting_requests_end: 'set together',
  waiting_requests_served: 'set together',
  waiting_requests_pool_ids_check: 'a selector that finds no pool is refused before',
  waiting_requests_priority_check: 'bounded by the contract',
  waiting_requests_state_check: 'the states of the model',
  imports_pkey: 'ids are made here',
  imports_kind_check: 'the kinds of the model',
  imports_mode_check: 'an enum of the contract',
  imports_state_check: 'the states of the model',
  imports_space_exists: 'looked up before; spaces do not go',
  import_chunks_pkey: 'numbered as they come in',
  import_refusals_pkey: 'one a line, written once',
  // The referenced row cannot go while these are written.
  import_chunks_import_id_fkey: 'written while the import is received',
  import_refusals_import_id_fkey: 'written by the job of an import that is there',
  certificates_device_id_fkey: 'written by the adapter of a device that is there; a job that fails is run again, and finds it gone',
  deliveries_device_id_fkey: 'inserted with its device',
  device_memories_device_id_fkey: 'as for certificates',
  reports_device_id_fkey: 'the token that reports ends with its device',
};

let database: TestDatabase;
let constraints: string[];

beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  await new RawPlan(database).space();
  // The tables of the job queue and of the migrations are not ours. Not-null is the contract's and the types'; triggers stand in for constraints.
  const found = await database.query<{ name: string }>(
    `select conname as name from pg_constraint where connamespace = 'public'::regnamespace and contype in ('c', 'f', 'p', 'u', 'x')
       and conparentid = 0 and conrelid <> 'migrations'::regclass and conrelid not in (select inhrelid from pg_inherits)
     union select conname from pg_constraint where connamespace = 'public'::regnamespace and contype = 'x'
     union select tgname from pg_trigger where not tgisinternal and tgrelid::regclass::text not like 'graphile%'`,
  );
  constraints = found.map((row) => row.name);
});
afterAll(() => database.drop());

const failed = (constraint: string): QueryFailedError => new QueryFailedError('insert', [], Object.assign(new Error(`violates "${constraint}"`), { code: '23505', constraint }));
const isMapped = (constraint: string): boolean => translate(failed(constraint)) instanceof CasmError;

test('every constraint has words for callers, or a reason for having none', () => {
  expect(constraints.length).toBeGreaterThan(40);
  const silent = constraints.filter((name) => !isMapped(name) && name !== 'audit_append_only');
  expect(silent.toSorted()).toEqual(Object.keys(unmapped).toSorted());
});

test('words are for constraints that exist: the partition\'s overlap among them', () => {
  const named = ['spaces_name_unique', 'pools_name_unique', 'pools_space_exists', 'pools_parent_in_space', 'pool_prefixes_no_overlap', 'pool_prefixes_parent', 'pool_prefixes_inside_parent', 'pool_prefixes_not_allocated',
    'allocations_not_delegated', 'allocations_pool_in_space', 'allocations_pool_prefix', 'allocations_device_exists', 'allocations_rpki_device_exists', 'devices_name_unique', 'devices_space_exists', 'quotas_one_each', 'quotas_space_exists', 'tokens_device_exists'];
  for (const name of named) expect(constraints, name).toContain(name);
  expect(constraints.filter((name) => isMapped(name) && !named.includes(name)).every((name) => /^allocations_no_overlap_\d+$/.test(name))).toBe(true);
  expect(isMapped('allocations_no_overlap_12')).toBe(true);
  expect(isMapped('allocations_no_overlap_')).toBe(false);
});

describe('the codes', () => {
  test.each(['spaces_name_unique', 'pool_prefixes_no_overlap', 'allocations_no_overlap_7', 'allocations_not_delegated', 'devices_space_exists'])('%s', (name) => {
    const error = translate(failed(name)) as CasmError;
    expect(errorCodes).toContain(error.code);
    expect(error.cause).toBeInstanceOf(QueryFailedError);
    expect(error.message).not.toContain(name);
  });
});

test('only what may pass by itself is tried again', () => {
  const withCode = (code: string): QueryFailedError => new QueryFailedError('', [], Object.assign(new Error(code), { code }));
  expect(['40P01', '40001', '23505', '23P01', '57P01', '55P03'].filter((code) => isPassing(withCode(code)))).toEqual(['40P01', '40001']);
  expect(isPassing(new Error('40P01'))).toBe(false);
  const other = new Error(randomUUID());
  expect(translate(other)).toBe(other);
});
