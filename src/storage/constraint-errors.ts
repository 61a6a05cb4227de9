/** What the database refuses, in the words of the model: constraint names map to error codes, and to nothing else. */
import { QueryFailedError } from 'typeorm';
import { CasmError, type ErrorCode } from '../model/errors.js';

interface Refusal {
  readonly code: ErrorCode;
  readonly says: string;
}

const refusals: Record<string, Refusal> = {
  spaces_name_unique: { code: 'name-taken', says: 'a space of that name is there already' },
  pools_name_unique: { code: 'name-taken', says: 'a pool of that name is there already under the same parent' },
  pools_space_exists: { code: 'space-not-found', says: 'there is no such space' },
  pools_parent_in_space: { code: 'parent-not-found', says: 'the parent pool is not in that space' },
  pool_prefixes_no_overlap: { code: 'prefix-overlap', says: 'the prefix overlaps one of a sibling pool' },
  pool_prefixes_parent: { code: 'pool-in-use', says: 'a part of it is delegated to a child pool' },
  pool_prefixes_inside_parent: { code: 'prefix-outside-pool', says: 'the prefix is not inside the parent pool' },
  pool_prefixes_not_allocated: { code: 'prefix-not-free', says: 'the parent has allocated a part of it' },
  allocations_not_delegated: { code: 'prefix-not-free', says: 'a part of it is delegated to a child pool' },
  allocations_pool_in_space: { code: 'pool-in-use', says: 'the pool still holds allocations' },
  allocations_pool_prefix: { code: 'pool-in-use', says: 'the pool prefix still holds allocations' },
  allocations_device_exists: { code: 'device-in-use', says: 'the device still serves allocations' },
  allocations_rpki_device_exists: { code: 'device-in-use', says: 'the parent CA still certifies allocations' },
  devices_name_unique: { code: 'name-taken', says: 'a device of that name is there already' },
  devices_space_exists: { code: 'space-not-found', says: 'there is no such space' },
  quotas_one_each: { code: 'name-taken', says: 'the holder has such a quota already' },
  quotas_space_exists: { code: 'space-not-found', says: 'there is no such space' },
  tokens_device_exists: { code: 'device-not-found', says: 'there is no such device' },
};

interface DriverError {
  readonly code?: string;
  readonly constraint?: string;
  readonly severity?: string;
  readonly routine?: string;
}

export function driverError(error: unknown): DriverError | undefined {
  return error instanceof QueryFailedError ? (error.driverError as DriverError) : undefined;
}

/** Deadlocks, serialization failures, and what has to be prepared anew: the same work may succeed when it is run again. */
export function isPassing(error: unknown): boolean {
  const code = driverError(error)?.code;
  return code === '40P01' || code === '40001' || isStale(error);
}

/** Whether a prepared statement is not what its name says any more: a migration has changed its columns, or somebody has discarded it. */
export function isStale(error: unknown): boolean {
  const driver = driverError(error);
  return driver?.code === '26000' || driver?.routine === 'RevalidateCachedQuery';
}

/** Whether it is certain that nothing was kept: the work itself threw, or the database has said no and goes on (class 57P ends the connection). */
export function isUndone(error: unknown): boolean {
  const driver = driverError(error);
  return driver === undefined || (driver.severity !== undefined && driver.code?.startsWith('57P') !== true);
}

/** Whether there was no connection to be had, so that whoever tries again waits as long for nothing. */
export function isUnconnected(error: unknown): boolean {
  if (error instanceof CasmError || error instanceof QueryFailedError || !(error instanceof Error)) return false;
  return 'code' in error || /timeout exceeded when trying to connect|Connection terminated/.test(error.message);
}

/** Whether the database has ended what took longer than whoever runs it allows: tried again at once it would take as long again. */
export function isTimedOut(error: unknown): boolean {
  const code = driverError(error)?.code;
  return code === '57014' || code === '55P03';
}

/** The model's error for a refusal of the database; any other error as it is. */
export function translate(error: unknown): unknown {
  const driver = driverError(error);
  if (driver?.constraint === undefined) return error;
  const name = /^allocations_no_overlap_\d+$/.test(driver.constraint) ? 'allocations_no_overlap' : driver.constraint;
  const refusal = name === 'allocations_no_overlap' ? { code: 'prefix-overlap' as const, says: 'the prefix overlaps an allocation in the same space' } : refusals[name];
  return refusal === undefined ? error : new CasmError(refusal.code, refusal.says, {}, { cause: error });
}
