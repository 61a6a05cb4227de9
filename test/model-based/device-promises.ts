/**
 * What is promised of devices: the document is all that is theirs, the same revision is never two documents, and an allocation goes
 * on to its next state when those who serve it have confirmed the revision of its last change, and not before.
 */
import { comparePrefixes, formatPrefix } from '../../src/model/prefix.js';
import type { Acknowledgement } from '../../src/operations/deliveries/acknowledge-document.js';
import type { DeviceRequest } from '../../src/operations/devices/create-device.js';
import type { UsageReport } from '../../src/operations/ranges/report-usage.js';
import type { Oracle } from './promise.js';
import { newest, type DeviceThere, type Taken, type Told, type World } from './world.js';

export const createDevice: Oracle<DeviceRequest> = (_, { spaceId, kind }) => ({
  done: { spaceId, kind },
  keep: (world, done) => void world.devices.set((done as { id: string }).id, { spaceId, parentCa: kind === 'rpki', wanted: 1, applied: 0, given: new Map() }),
});

/** Quarantined allocations count. */
export const deleteDevice: Oracle<{ deviceId: string }> = (world, { deviceId }) => {
  if (!world.devices.has(deviceId)) return { refused: 'device-not-found' };
  if ([...world.taken.values()].some(({ byDevice, byParentCa }) => byDevice?.deviceId === deviceId || byParentCa?.deviceId === deviceId)) return { refused: 'device-in-use' };
  return {
    done: undefined,
    keep: (world) => {
      world.devices.delete(deviceId);
      world.gone.push(deviceId);
    },
  };
};

export const pullDocument: Oracle<{ deviceId: string }> = (world, { deviceId }) => {
  const device = world.devices.get(deviceId);
  if (device === undefined) return { refused: 'device-not-found' };
  const content = contentFor(world, deviceId, device);
  const before = device.given.get(device.wanted);
  return {
    done: { device: deviceId, revision: String(device.wanted), ...content },
    fault: () => (before === undefined || before === JSON.stringify(content) ? undefined : `revision ${device.wanted} was another document before: ${before}`),
    keep: (world) => void world.devices.set(deviceId, { ...device, given: new Map([...device.given, [device.wanted, JSON.stringify(content)]]) }),
  };
};

/** A device has what is coming, in use or draining; a parent CA also what a device has yet to let go of. */
function contentFor(world: World, deviceId: string, { parentCa }: DeviceThere): object {
  const served = [...world.taken].filter(([, { byDevice, byParentCa, state }]) => {
    if ((parentCa ? byParentCa : byDevice)?.deviceId !== deviceId || state === 'quarantined') return false;
    return state !== 'withdrawing' || (parentCa && byParentCa?.revision === null);
  });
  served.sort(([, one], [, other]) => comparePrefixes(one.prefix, other.prefix));
  const draining = ({ state }: Taken): boolean => state === 'draining' || state === 'drained';
  const range = ([id, taken]: [string, Taken]): object => ({ id, prefix: formatPrefix(taken.prefix), state: draining(taken) ? 'draining' : 'active', holder: taken.holder });
  const resource = ([id, { prefix }]: [string, Taken]): object => ({ id, prefix: formatPrefix(prefix) });
  return { ranges: parentCa ? [] : served.map(range), resources: parentCa ? served.map(resource) : [] };
}

export const acknowledgeDocument: Oracle<Acknowledgement> = (world, { deviceId, revision, applied }) => {
  const device = world.devices.get(deviceId);
  if (device === undefined) return { refused: 'device-not-found' };
  if (Number(revision) > Math.max(0, ...device.given.keys())) return { refused: 'revision-unknown' };
  const now = applied ? Math.max(device.applied, Number(revision)) : device.applied;
  return {
    done: { deviceId, appliedRevision: String(now) },
    keep: (world) => {
      world.devices.set(deviceId, { ...device, applied: now });
      if (applied) goOn(world, deviceId);
    },
  };
};

/** Those that this one's word moves on. */
function goOn(world: World, deviceId: string): void {
  const confirmed = (told: Told | null): boolean => told === null || (told.revision ?? 0) <= (world.devices.get(told.deviceId)?.applied ?? 0);
  for (const [id, taken] of world.taken) {
    const { byDevice, byParentCa, state } = taken;
    if ((byDevice?.deviceId !== deviceId && byParentCa?.deviceId !== deviceId) || !confirmed(byDevice) || !confirmed(byParentCa)) continue;
    if (state === 'provisioning') world.change(id, { state: 'active' });
    else if (state !== 'withdrawing') continue;
    // The certificate is shrunk when the device has let go.
    else if (byParentCa?.revision === null) world.change(id, { byParentCa: { ...byParentCa, revision: newest } });
    else world.change(id, { state: 'quarantined', ...atRest(world, taken) });
  }
}

/** Since this request, and for as long as the pool says. */
export function atRest(world: World, { poolId }: Pick<Taken, 'poolId'>): Pick<Taken, 'until' | 'restsSince'> {
  return { until: world.clock + (world.pools.get(poolId)?.quarantineSeconds ?? 0) * 1000, restsSince: world.turn };
}

/** Idle since the device has known of the drain: it is over. */
export const reportUsage: Oracle<UsageReport> = (world, { deviceId, revision, ranges }) => {
  const device = world.devices.get(deviceId);
  if (device === undefined) return { refused: 'device-not-found' };
  const held = Math.min(device.applied, revision === undefined ? newest : Number(revision));
  return {
    done: {},
    keep: (world) => {
      for (const { id, assigned } of ranges) {
        const taken = world.taken.get(id);
        if (assigned === '0' && taken?.state === 'draining' && taken.byDevice?.deviceId === deviceId && (taken.byDevice.revision ?? 0) <= held) world.change(id, { state: 'drained' });
      }
    },
  };
};

/** What changed in this request is told in the revision that is wanted now. */
export function learnRevision(world: World, deviceId: string, wanted: number): void {
  const learn = (told: Told | null): Told | null => (told?.deviceId === deviceId && told.revision === newest ? { deviceId, revision: wanted } : told);
  for (const [id, { byDevice, byParentCa }] of world.taken) world.change(id, { byDevice: learn(byDevice), byParentCa: learn(byParentCa) });
  const device = world.devices.get(deviceId);
  if (device !== undefined) world.devices.set(deviceId, { ...device, wanted });
}

/** Devices that must have got a new revision, for something of theirs has changed. */
export const staleDevices = (world: World): Set<string> =>
  new Set([...world.taken.values()].flatMap(({ byDevice, byParentCa }) => [byDevice, byParentCa].flatMap((told) => (told?.revision === newest ? [told.deviceId] : []))));
