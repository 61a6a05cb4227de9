import { insertSamples } from '../../storage/usage-samples.js';
import { judgeAlarms } from '../alarms/judge-alarms.js';
import type { Work } from '../work.js';

/** Notes what every pool's space is used for now, and raises and clears alarms accordingly. */
export async function sampleUsage(work: Work): Promise<void> {
  await insertSamples(work.tx, work.now);
  await judgeAlarms(work);
}
