import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scatter, share } from '../../src/model/usage.js';

test('what is free in one block is not scattered, and where nothing is free there is no figure', () => {
  expect(scatter('ipv4', [{ family: 'ipv4', prefixLength: 24, count: '1' }])).toEqual({ largestFreePrefixLength: 24, fragmentation: 0 });
  expect(scatter('ipv4', [{ family: 'ipv6', prefixLength: 24, count: '1' }])).toEqual({ largestFreePrefixLength: null, fragmentation: null });
});

test('the families do not mix, and the figure is that of the definition', () => {
  const blocks = [{ family: 'ipv4', prefixLength: 25, count: '1' }, { family: 'ipv4', prefixLength: 27, count: '2' }, { family: 'ipv6', prefixLength: 0, count: '1' }] as const;
  expect(scatter('ipv4', blocks)).toEqual({ largestFreePrefixLength: 25, fragmentation: 0.3333 });
  expect(scatter('ipv6', [{ family: 'ipv6', prefixLength: 48, count: '65536' }])).toEqual({ largestFreePrefixLength: 48, fragmentation: 1 });
});

test('a share of anything is the nearest of four digits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 1n << 128n }), fc.bigInt({ min: 0n, max: 1n << 128n }), (whole, any) => {
      const part = any % (whole + 1n);
      const tenThousandths = BigInt(Math.round(share(part, whole) * 10_000));
      const off = 10_000n * part - tenThousandths * whole;
      expect(2n * (off < 0n ? -off : off) <= whole).toBe(true);
    }),
  );
});
