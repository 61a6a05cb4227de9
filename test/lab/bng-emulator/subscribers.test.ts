import { describe, expect, it } from 'vitest';
import { Subscribers } from '../../../src/lab/bng-emulator/subscribers.js';
import { v4Range, v6Range } from './documents.js';

/** Mulberry32: the same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const evening = new Date('2026-11-20T17:00:00Z');
const morning = new Date('2026-11-20T05:00:00Z');

function online(subscribers: Subscribers, at: Date, minutes: number): number {
  for (let minute = 0; minute < minutes; minute += 1) subscribers.pass(60, at);
  return subscribers.online;
}

describe('subscribers', () => {
  it('are most in the evening and least in the early morning, and never more than there are homes', () => {
    const subscribers = new Subscribers({ homes: 1000, sessionSeconds: 600, random: seeded(1) });
    subscribers.setRanges([v4Range('192.0.0.0/22', { lowerAddress: '192.0.0.2', upperAddress: '192.0.3.254' }), v6Range('2001:db8::/40')]);
    expect(online(subscribers, evening, 120)).toBeGreaterThan(740);
    expect(subscribers.online).toBeLessThan(860);
    expect(online(subscribers, morning, 120)).toBeLessThan(360);
    expect(subscribers.online).toBeGreaterThan(240);
    expect(subscribers.usage().map((usage) => usage.assigned)).toEqual([String(subscribers.online), String(subscribers.online)]);
  });

  it('get no address of a draining range, and leave it one by one', () => {
    const subscribers = new Subscribers({ homes: 200, sessionSeconds: 600, random: seeded(2) });
    const first = v4Range('192.0.2.0/24');
    subscribers.setRanges([first]);
    online(subscribers, evening, 60);
    const [before] = subscribers.usage(true);
    expect(Number(before?.assigned)).toBeGreaterThan(100);
    subscribers.setRanges([{ ...first, state: 'draining' }, v4Range('198.51.100.0/24')]);
    subscribers.pass(60, evening);
    const [draining, fresh] = subscribers.usage();
    expect(Number(draining?.assigned)).toBeGreaterThan(50);
    expect(Number(draining?.assigned)).toBeLessThan(Number(before?.assigned));
    expect(Number(draining?.peak)).toBe(Number(before?.assigned));
    expect(Number(fresh?.assigned)).toBeGreaterThan(0);
    online(subscribers, evening, 240);
    expect(subscribers.usage()[0]).toMatchObject({ state: 'draining', assigned: '0' });
  });

  it('lose their session with the range, and find no more addresses than there are', () => {
    const subscribers = new Subscribers({ homes: 500, sessionSeconds: 600, random: seeded(3) });
    subscribers.setRanges([v4Range('192.0.2.0/28'), v4Range('198.51.100.0/28')]);
    online(subscribers, evening, 60);
    expect(subscribers.usage().map(({ assigned, total }) => [assigned, total])).toEqual([
      [expect.stringMatching(/^1\d$/), '13'],
      [expect.stringMatching(/^1\d$/), '13'],
    ]);
    expect(subscribers.online).toBeLessThanOrEqual(26);
    subscribers.setRanges([v4Range('198.51.100.0/28')]);
    expect(subscribers.online).toBe(Number(subscribers.usage()[0]?.assigned));
    subscribers.setRanges([]);
    expect(subscribers.online).toBe(0);
    expect(online(subscribers, evening, 10)).toBe(0);
  });
});
