/** Anything south that holds a copy of our state, and how far that copy is. */
import type { Family } from './prefix.js';
import type { Labels } from './space.js';

export type DeviceKind = 'bng' | 'dhcp' | 'cgn' | 'rpki';
export type DeviceAdapter = 'pull' | 'in-memory' | 'http' | 'kea' | 'rpki';

/** The supply contract of a device for one service and family. */
export interface Domain {
  readonly name: string;
  readonly poolId: string;
  readonly family: Family;
  readonly prefixLength: number;
  readonly holder: string;
  readonly service: string;
}

export interface Device {
  readonly id: string;
  readonly spaceId: string;
  readonly name: string;
  readonly kind: DeviceKind;
  readonly adapter: DeviceAdapter;
  readonly endpoint: string | null;
  readonly credentialNames: readonly string[];
  readonly domains: readonly Domain[];
  readonly labels: Labels;
  readonly state: 'active' | 'suspended';
  readonly enrolment: string | null;
  readonly lastSeenAt: string | null;
  readonly version: string;
  readonly createdAt: string;
}

export type DeliveryState = 'settled' | 'pending' | 'failing' | 'rejected' | 'suspended';

/** The state of getting a document revision to its device. Revisions are decimal strings. */
export interface Delivery {
  readonly deviceId: string;
  readonly state: DeliveryState;
  readonly wantedRevision: string;
  readonly renderedRevision: string;
  readonly appliedRevision: string;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly lastAttemptAt: string | null;
  readonly nextAttemptAt: string | null;
  readonly appliedAt: string | null;
}
