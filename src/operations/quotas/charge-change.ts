import { lockQuotas } from '../../storage/quotas.js';
import type { Work } from '../work.js';
import { QuotaLedger, type Charge } from './quota-ledger.js';

/** What a change of one allocation gives to a holder, in place of what that holder had of it before. */
export interface ChargedChange {
  readonly spaceId: string;
  readonly after: Charge;
  readonly before?: Charge;
}

/** The quotas' turns come before those of pools. @returns the ids of those held */
export async function takeQuotas({ tx }: Work, holder: string): Promise<string[]> {
  return lockQuotas(tx, [holder]);
}

/** @throws CasmError `quota-exceeded` when the holder would have more than its quotas allow */
export async function chargeChange(work: Work, quotaIds: readonly string[], { spaceId, before, after }: ChargedChange): Promise<void> {
  const ledger = await QuotaLedger.open(work.tx, quotaIds, spaceId);
  if (before !== undefined) ledger.refund(work, before);
  ledger.charge(work, after);
}
