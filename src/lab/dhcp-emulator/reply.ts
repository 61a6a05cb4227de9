/** One answer of the control channel, with Kea's result codes. */
import type { Json } from './kea-json.js';

export const resultCode = { success: 0, error: 1, unsupported: 2, empty: 3 } as const;

export interface Reply {
  readonly result: number;
  readonly text?: string;
  readonly arguments?: Json;
}
