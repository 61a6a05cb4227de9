/** A row of the allocations table as it is read, and the model value it becomes. */
import type { Allocation, AllocationRequest, AllocationState, Awaited } from '../model/allocation.js';
import type { Labels } from '../model/space.js';
import { time } from './sql.js';

export interface AllocationRow {
  id: string;
  space_id: string;
  pool_id: string;
  prefix: string;
  state: Exclude<AllocationState, 'free'>;
  holder: string;
  service: string;
  labels: Labels;
  device_id: string | null;
  rpki_device_id: string | null;
  origin_as: string | null;
  device_pending: boolean;
  rpki_pending: boolean;
  valid_until: Date | null;
  quarantined_until: Date | null;
  request: AllocationRequest;
  version: string;
  created_at: Date;
  updated_at: Date;
}

/** Evidence is read, not stored: a revision is confirmed when the device's delivery has applied it. */
export const select = `
  select a.*, coalesce(a.device_revision > d.applied_revision, false) as device_pending, coalesce(a.rpki_revision > r.applied_revision, false) as rpki_pending
  from allocations a left join deliveries d on d.device_id = a.device_id left join deliveries r on r.device_id = a.rpki_device_id`;

export function toAllocation(found: AllocationRow): Allocation {
  const waitingFor: Awaited[] = [];
  if (found.device_pending) waitingFor.push('device');
  if (found.state === 'draining') waitingFor.push('idle');
  if (found.rpki_pending) waitingFor.push('certificate');
  if (found.state === 'quarantined') waitingFor.push('quarantine');
  const certified = found.rpki_device_id !== null && found.state !== 'quarantined';
  return {
    id: found.id,
    spaceId: found.space_id,
    poolId: found.pool_id,
    prefix: found.prefix,
    family: found.prefix.includes(':') ? 'ipv6' : 'ipv4',
    state: found.state,
    waitingFor,
    holder: found.holder,
    service: found.service,
    deviceId: found.device_id,
    rpkiDeviceId: found.rpki_device_id,
    certification: !certified ? 'none' : found.rpki_pending && found.state !== 'withdrawing' ? 'requested' : 'issued',
    originAs: found.origin_as === null ? null : Number(found.origin_as),
    labels: found.labels,
    validUntil: time(found.valid_until),
    quarantinedUntil: time(found.quarantined_until),
    version: found.version,
    createdAt: time(found.created_at),
    updatedAt: time(found.updated_at),
    request: found.request,
  };
}
