import { judge } from '../../model/alarm.js';
import * as alarms from '../../storage/alarms.js';
import type { Work } from '../work.js';

/** Raises and clears alarms by what is free now. Those that nothing has crossed stay as they are. */
export async function judgeAlarms(work: Work): Promise<void> {
  for (const one of await alarms.watched(work.tx)) {
    const { thresholds, usage, raised } = one;
    const verdict = judge(thresholds, usage, raised !== undefined);
    if (verdict === 'raise' && thresholds !== null && usage !== undefined) {
      const { poolId, family } = one;
      const after = await alarms.raiseAlarm(work.tx, { id: work.newId(), poolId, family, at: work.now, free: usage.free, ...thresholds });
      if (after !== undefined) work.audit({ resourceType: 'alarm', resourceId: after.id, before: null, after });
    } else if (verdict === 'clear' && raised !== undefined) {
      const after = await alarms.clearAlarm(work.tx, raised.id, work.now, usage?.free ?? '0');
      if (after !== undefined) work.audit({ resourceType: 'alarm', resourceId: raised.id, before: raised, after });
    }
  }
}
