/**
 * The port that every push adapter implements. An adapter is handed the whole document a device should hold and makes
 * it so; it never decides what a device should hold, reads no table, and knows nothing of revisions but the number.
 */
import type { ResourceSets } from '../model/certificate.js';
import type { DeviceDocument } from '../model/document.js';

export type { ResourceSets } from '../model/certificate.js';

export interface Capabilities {
  /** The device can stop new assignments while old ones live on. */
  readonly passiveDrain: boolean;
  /** The device can tell clients of a draining range to move. */
  readonly activeDrain: boolean;
  /** Usage is counted for every range by itself. */
  readonly perRangeCounts: boolean;
}

/** One device as an adapter sees it. Credentials are in clear here and nowhere else: never log them. */
export interface DeviceHandle {
  readonly id: string;
  readonly name: string;
  readonly endpoint: string;
  readonly credentials: Readonly<Record<string, string>>;
  /** Ends the exchange: raised when its time is over or the controller stops. */
  readonly signal: AbortSignal;
  readonly memory: DeviceMemory;
  readonly certificates: CertificateLog;
}

/** What an adapter must remember between two exchanges (keys, serials, ids). Stored sealed, durable once saved. */
export interface DeviceMemory {
  load(): Promise<string | undefined>;
  save(text: string): Promise<void>;
}

export interface IssuedCertificate {
  readonly serial: string;
  readonly subjectKeyIdentifier: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly resources: ResourceSets;
  /** DER of the certificate, base64. */
  readonly certificate: string;
  /** Where the parent publishes it (the AIA of what is issued below it). */
  readonly uri: string;
}

/** What was asked of a parent CA and what came: each call is durable when it returns. */
export interface CertificateLog {
  /** @returns the id to answer under. */
  asked(request: { action: 'issue' | 'revoke'; className: string; subjectKeyIdentifier: string; resources: ResourceSets }): Promise<string>;
  issued(id: string, certificate: IssuedCertificate): Promise<void>;
  revoked(id: string): Promise<void>;
  refused(id: string, error: { status: number | null; description: string }): Promise<void>;
}

/** A range as the device itself says it holds it. */
export interface ObservedRange {
  readonly prefix: string;
  readonly state: string;
  /** Addresses or delegated prefixes in use and in all, as decimal strings; null where the device does not tell. */
  readonly assigned: string | null;
  readonly total: string | null;
}

export interface Observation {
  readonly ranges: readonly ObservedRange[];
}

export interface Adapter {
  readonly kind: string;
  readonly capabilities: Capabilities;
  /**
   * Brings the device to exactly this document; idempotent. Resolves only when the device has confirmed it.
   * @throws Retry when it may succeed later as it is; Reject when only a change can help.
   */
  apply(device: DeviceHandle, document: DeviceDocument): Promise<void>;
  /** What the device holds, in its own words. @throws Retry, Reject */
  observe(device: DeviceHandle): Promise<Observation>;
  /**
   * What the peer must be told before it will talk to us, shown to the operator as the device's `enrolment` (for a
   * parent CA: the child_request of RFC 8183). Called once, before the first apply; its result is stored.
   */
  enrol?(device: DeviceHandle): Promise<string>;
}

/** It did not work now: the dispatcher tries again with back-off and jitter. */
export class Retry extends Error {
  constructor(message: string, options?: ErrorOptions & { afterSeconds?: number }) {
    super(message, options);
    this.name = 'Retry';
    this.afterSeconds = options?.afterSeconds;
  }
  readonly afterSeconds: number | undefined;
}

/** It will not work as it is: the delivery is parked and shown to the operator until something changes. */
export class Reject extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Reject';
  }
}
