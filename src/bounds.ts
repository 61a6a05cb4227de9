/** How much of the controller its callers may take up, where nobody need choose: given by who starts it, since a test waits for less. */
import { longestQueue } from './operations/allocations/pool-turns.js';

export interface Bounds {
  /** How many requests may wait for one pool, while others have its turn. */
  readonly longestQueue: number;
  /** In ms, until the head of a request has come. */
  readonly headersTimeout: number;
  /** In ms, until all of it has: enough for the largest import, and an end to those that never do. */
  readonly requestTimeout: number;
  /** In ms, how often both are looked at. */
  readonly connectionsCheckingInterval: number;
}

export const usualBounds: Bounds = { longestQueue, headersTimeout: 60_000, requestTimeout: 15 * 60_000, connectionsCheckingInterval: 30_000 };
