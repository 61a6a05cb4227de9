/**
 * The document: everything one device should hold, whole, at one revision. Field names follow ietf-address-pool
 * (2015-10-14) where it has them. Pure data; rendered by southbound/documents.
 */
import type { Family } from './prefix.js';

/** `active`: hand out. `draining`: no new assignments, existing ones live on. */
export type RangeState = 'active' | 'draining';

export interface RouteIntent {
  /** The device announces the covering prefix while it holds it. */
  readonly announce: boolean;
  /** A discard route for the whole prefix, so that unassigned addresses do not loop. */
  readonly discardRoute: boolean;
  readonly tag: number;
}

export interface DocumentRange {
  /** The allocation this range is. */
  readonly id: string;
  readonly prefix: string;
  readonly family: Family;
  readonly state: RangeState;
  readonly holder: string;
  readonly service: string;
  /** v4 only: the first usable address, which the device itself takes; null where there is none to take. */
  readonly gateway: string | null;
  /** v6 only: the length in which the range is delegated to subscribers (DHCPv6-PD). */
  readonly delegatedLength: number | null;
  /** First and last address that may be handed out; null for delegated ranges. */
  readonly lowerAddress: string | null;
  readonly upperAddress: string | null;
  readonly routes: RouteIntent;
  readonly lifetimes: { readonly preferred: number; readonly valid: number; readonly t1: number; readonly t2: number };
}

/** A prefix that wants to be in the certificate of the resource holder, and by which AS it will be originated. */
export interface DocumentResource {
  readonly id: string;
  readonly prefix: string;
  readonly family: Family;
  readonly originAs: number | null;
}

export interface DeviceDocument {
  readonly device: string;
  readonly revision: string;
  readonly space: string | null;
  /** What a bng, dhcp or cgn device hands out. Sorted by prefix. */
  readonly ranges: readonly DocumentRange[];
  /** What an rpki device certifies. Sorted by prefix. */
  readonly resources: readonly DocumentResource[];
}
