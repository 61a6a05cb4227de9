/** The settings of a Kea device that ride in its credentials, each from a closed list; anything else is refused aloud. */
import { type DeviceHandle, Reject } from '../../adapter.js';

export interface KeaOptions {
  /** `passive`: a draining range loses its pool. `active`: it keeps it behind a class that no client is in. */
  readonly drain: 'passive' | 'active';
  /** `wait`: a withdrawn range stays, without a pool, until its last lease has ended. `release`: its leases are deleted. */
  readonly onRemoval: 'wait' | 'release';
}

/** @throws Reject */
export function keaOptions(device: DeviceHandle): KeaOptions {
  return {
    drain: choice(device, 'drain', ['passive', 'active']),
    onRemoval: choice(device, 'onRemoval', ['wait', 'release']),
  };
}

function choice<const T extends string>(device: DeviceHandle, name: string, choices: readonly [T, ...T[]]): T {
  const given = device.credentials[name] ?? choices[0];
  const chosen = choices.find((one) => one === given);
  if (chosen === undefined) throw new Reject(`${name} must be ${choices.join(' or ')}`);
  return chosen;
}
