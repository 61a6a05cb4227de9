/** A node of the pool tree: prefixes plus policy. Holds the rules of a policy; reads and writes nothing. */
import { checkThresholds, type AlarmPolicy } from './alarm.js';
import { CasmError } from './errors.js';
import { familyBits, type Family } from './prefix.js';
import type { Labels } from './space.js';

export interface LengthPolicy {
  readonly minPrefixLength: number;
  readonly maxPrefixLength: number;
  /** Null: a request must name its length. */
  readonly defaultPrefixLength: number | null;
}

export const placements = ['best-fit', 'first', 'last', 'sparse', 'random'] as const;
export type Placement = (typeof placements)[number];

export interface Policy {
  readonly ipv4: LengthPolicy;
  readonly ipv6: LengthPolicy;
  readonly placement: Placement;
  /** How long a returned prefix rests before it is handed out again, in seconds. */
  readonly quarantineSeconds: number;
  /** How many addresses may rest at most, as decimal strings; null is no cap. Beyond it what has rested longest is free at once. */
  readonly quarantineMaxAddresses: Readonly<Record<Family, string | null>>;
  readonly allowSpecialPurpose: boolean;
  /** When too little is free; null is no alarm. */
  readonly alarms: AlarmPolicy;
}

export type PolicyRequest = Partial<Omit<Policy, 'ipv4' | 'ipv6' | 'quarantineMaxAddresses' | 'alarms'>> & {
  readonly alarms?: Partial<AlarmPolicy>;
  readonly quarantineMaxAddresses?: Partial<Policy['quarantineMaxAddresses']>;
  readonly ipv4?: Partial<LengthPolicy>;
  readonly ipv6?: Partial<LengthPolicy>;
};

export interface Pool {
  readonly id: string;
  readonly spaceId: string;
  readonly parentId: string | null;
  readonly name: string;
  /** `retiring`: nothing is given out from it any more. */
  readonly state: 'active' | 'retiring';
  /** Sorted, v4 before v6. */
  readonly prefixes: readonly string[];
  readonly policy: Policy;
  readonly labels: Labels;
  readonly version: string;
  readonly createdAt: string;
}

export const defaultPolicy: Policy = {
  ipv4: { minPrefixLength: 0, maxPrefixLength: 32, defaultPrefixLength: null },
  ipv6: { minPrefixLength: 0, maxPrefixLength: 128, defaultPrefixLength: null },
  placement: 'best-fit',
  quarantineSeconds: 0,
  quarantineMaxAddresses: { ipv4: null, ipv6: null },
  allowSpecialPurpose: false,
  alarms: { ipv4: null, ipv6: null },
};

/** @throws CasmError `length-not-allowed` when the bounds contradict each other, `invalid-request` when an alarm's thresholds do. */
export function mergePolicy(base: Policy, change: PolicyRequest = {}): Policy {
  const merged = {
    ...base,
    ...change,
    ipv4: { ...base.ipv4, ...change.ipv4 },
    ipv6: { ...base.ipv6, ...change.ipv6 },
    quarantineMaxAddresses: { ...base.quarantineMaxAddresses, ...change.quarantineMaxAddresses },
    alarms: { ...base.alarms, ...change.alarms },
  };
  for (const family of ['ipv4', 'ipv6'] as const) {
    checkLengthPolicy(family, merged[family]);
    const thresholds = merged.alarms[family];
    if (thresholds !== null) checkThresholds(family, thresholds);
  }
  return merged;
}

function checkLengthPolicy(family: Family, { minPrefixLength, maxPrefixLength, defaultPrefixLength }: LengthPolicy): void {
  if (maxPrefixLength > familyBits(family) || minPrefixLength > maxPrefixLength) {
    throw new CasmError('length-not-allowed', `the policy allows /${minPrefixLength} to /${maxPrefixLength} for ${family}: it must go from short to long, at most /${familyBits(family)}`);
  }
  if (defaultPrefixLength !== null && (defaultPrefixLength < minPrefixLength || defaultPrefixLength > maxPrefixLength)) {
    throw new CasmError('length-not-allowed', `the default /${defaultPrefixLength} for ${family} is outside /${minPrefixLength} to /${maxPrefixLength}`);
  }
}

/**
 * The length to allocate: the one asked for, else the policy's default.
 * @throws CasmError `length-not-allowed` with the lengths that are.
 */
export function lengthToAllocate(policy: Policy, family: Family, asked: number | undefined): number {
  const { minPrefixLength, maxPrefixLength, defaultPrefixLength } = policy[family];
  const allowed = [`/${minPrefixLength} to /${maxPrefixLength}`];
  const length = asked ?? defaultPrefixLength;
  if (length === null) {
    throw new CasmError('length-not-allowed', `name a prefixLength: the pool has no default for ${family}`, { allowed });
  }
  if (length < minPrefixLength || length > maxPrefixLength) {
    throw new CasmError('length-not-allowed', `the pool allocates ${allowed[0]} of ${family}, not /${length}`, { allowed });
  }
  return length;
}

/** What is left in a pool and the pools below it. */
export interface PoolRemains {
  readonly poolId: string;
  readonly state: Pool['state'];
  readonly pools: number;
  readonly allocations: readonly { readonly family: Family; readonly state: string; readonly count: number; readonly addresses: string }[];
}
