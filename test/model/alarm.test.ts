import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkThresholds, judge } from '../../src/model/alarm.js';

const thresholds = { raiseBelowFree: '10%', clearAboveFree: '15.5%' };

test('raised below the one, cleared above the other, as it was in between', () => {
  const at = (free: string, raised: boolean): string => judge(thresholds, { free, total: '1000' }, raised);
  expect([at('100', false), at('99', false), at('99', true), at('155', true), at('156', true), at('156', false)]).toEqual(['keep', 'raise', 'keep', 'keep', 'clear', 'keep']);
  const exact = { raiseBelowFree: '4096', clearAboveFree: '8192' };
  expect(judge(exact, { free: '4095', total: String(1n << 96n) }, false)).toBe('raise');
  expect(judge(exact, { free: '8193', total: String(1n << 96n) }, true)).toBe('clear');
});

test('whatever moves around one threshold only, does not flap: at most one change', () => {
  const around = fc.constantFrom(100, 155).chain((threshold) => fc.array(fc.integer({ min: threshold - 20, max: threshold + 20 }), { maxLength: 200 }));
  fc.assert(
    fc.property(around, fc.boolean(), (walk, begin) => {
      let raised = begin;
      let changes = 0;
      for (const free of walk) {
        const verdict = judge(thresholds, { free: String(free), total: '1000' }, raised);
        if (verdict !== 'keep') {
          raised = verdict === 'raise';
          changes += 1;
        }
      }
      expect(changes).toBeLessThanOrEqual(1);
    }),
  );
});

test('without thresholds, or without the family, nothing stays raised', () => {
  expect(judge(null, { free: '0', total: '1' }, true)).toBe('clear');
  expect(judge(thresholds, undefined, true)).toBe('clear');
  expect(judge(null, { free: '0', total: '1' }, false)).toBe('keep');
});

test('thresholds that leave no room between them, or are of two kinds, are refused', () => {
  for (const [raiseBelowFree, clearAboveFree] of [['10%', '10%'], ['10%', '9.99%'], ['10', '20%'], ['5%', '100'], ['100', '100'], ['100', '99']] as const) {
    expect(() => checkThresholds('ipv4', { raiseBelowFree, clearAboveFree }), `${raiseBelowFree} ${clearAboveFree}`).toThrow(/alarm/);
  }
  for (const [raiseBelowFree, clearAboveFree] of [['10%', '10.01%'], ['9.5%', '10%'], ['0', '1']] as const) checkThresholds('ipv6', { raiseBelowFree, clearAboveFree });
});
