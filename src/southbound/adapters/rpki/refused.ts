/** What the parent's error_response means for us (RFC 6492 §3.6): when to come back, and what has become void. */
import { UpDownStatus } from '../../../rpki/updown/message.js';
import { Retry } from '../../adapter.js';

/** The parent understood the request and says no. Never leaves the adapter. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly description: string,
  ) {
    super(`the parent refused with ${status}${description === '' ? '' : `: ${description}`}`);
    this.name = 'Refused';
  }
}

/** RFC 6492 §3.6 asks that a scheduled request be repeated no more often than once a day. */
const scheduledSeconds = 24 * 60 * 60;
const busySeconds = 10;

/** The class or its key is void at the parent: forget it, list again. */
export function voidsClass({ status }: Refused): boolean {
  return status === UpDownStatus.noSuchClass || status === UpDownStatus.noResources || status === UpDownStatus.keyReuse;
}

/** There is nothing to revoke: the key is revoked already. */
export function meansRevoked({ status }: Refused): boolean {
  const { revokeNoSuchClass, revokeNoSuchKey, noSuchClass, noResources } = UpDownStatus;
  return ([revokeNoSuchClass, revokeNoSuchKey, noSuchClass, noResources] as number[]).includes(status);
}

/** Every refusal may pass: entitlements and parents change without our doing. */
export function refusalToRetry(refused: Refused): Retry {
  if (refused.status === UpDownStatus.scheduled) return new Retry(refused.message, { cause: refused, afterSeconds: scheduledSeconds });
  if (refused.status === UpDownStatus.alreadyProcessing) return new Retry(refused.message, { cause: refused, afterSeconds: busySeconds });
  return new Retry(refused.message, { cause: refused });
}
