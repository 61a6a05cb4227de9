import fc from 'fast-check';
import { expect, it } from 'vitest';
import { overlaps, type Prefix, prefixAround } from '../../../../src/model/prefix.js';
import { PrefixIndex } from '../../../../src/southbound/adapters/kea/prefix-index.js';

it('finds an overlap exactly where there is one, nested members or not', () => {
  const prefix = fc.record({ low: fc.nat(255), length: fc.integer({ min: 22, max: 32 }) }).map(({ low, length }): Prefix => prefixAround('ipv4', 0x0a000000n + BigInt(low) * 16n, length));
  fc.assert(
    fc.property(fc.array(prefix, { maxLength: 12 }), prefix, (members, asked) => {
      const found = new PrefixIndex(members.map((member) => ({ prefix: member }))).overlapping(asked);
      expect(found === undefined).toBe(!members.some((member) => overlaps(member, asked)));
      if (found !== undefined) expect(overlaps(found.prefix, asked)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
