import type { Delivery } from '../../model/device.js';
import type { FamilyUsage } from '../../model/usage.js';
import { watched, type Watched } from '../../storage/alarms.js';
import { listDeliveries } from '../../storage/deliveries.js';
import type { Tx } from '../../storage/sql.js';
import { familyUsage } from '../../storage/usage.js';

export interface State {
  readonly usage: readonly (FamilyUsage & { poolId: string })[];
  readonly deliveries: readonly Delivery[];
  readonly watched: readonly Watched[];
}

/** Figures of every pool and device, of one moment. */
export async function measureState(tx: Tx): Promise<State> {
  return { usage: await familyUsage(tx, null), watched: await watched(tx), deliveries: await listDeliveries(tx, { limit: 100_000, after: null }, {}) };
}
