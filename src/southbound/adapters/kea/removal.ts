/** Empties the subnets that are to go: says which are free of leases now, and which still have to be waited for. */
import { counted } from '../../../model/counted.js';
import { formatPrefix } from '../../../model/prefix.js';
import type { ControlChannel } from './control-channel.js';
import type { KeaOptions } from './kea-options.js';
import type { KeaService } from './kea-service.js';
import { deleteLease, isLive, leasesWithin } from './leases.js';
import type { RetiringSubnet } from './merge.js';

export interface Removal {
  /** Ids of the subnets without a lease. */
  readonly vacated: ReadonlySet<number>;
  /** One clause for each of the others, for the operator. */
  readonly waiting: readonly string[];
}

/** Expects the subnets to have lost their pools, so that no lease comes while it looks. @throws Retry, Reject */
export async function emptySubnets(channel: ControlChannel, service: KeaService, subnets: readonly RetiringSubnet[], options: KeaOptions, now: Date): Promise<Removal> {
  const vacated = new Set<number>();
  const waiting: string[] = [];
  for (const { id, prefix } of subnets) {
    const leases = await leasesWithin(channel, service, prefix);
    const live = leases.filter((lease) => isLive(lease, now));
    if (live.length > 0 && options.onRemoval === 'wait') {
      const last = new Date(Math.max(...live.map((lease) => lease.endsAt)) * 1000);
      waiting.push(`${formatPrefix(prefix)} still has ${counted(live.length, 'lease')}, the last until ${last.toISOString()}`);
      continue;
    }
    for (const lease of leases) await deleteLease(channel, service, lease);
    vacated.add(id);
  }
  return { vacated, waiting };
}
