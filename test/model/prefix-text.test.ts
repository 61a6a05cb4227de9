/** Text in and out: the canonical text of RFC 5952, host bits refused, nothing but addresses accepted. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CasmError } from '../../src/model/errors.js';
import { familyBits, formatAddress, formatPrefix, parseAddress, parsePrefix, parsePrefixOrAddress, prefixAround } from '../../src/model/prefix.js';
import { address, family, prefix } from './arbitraries.js';

const groupsOf = (value: bigint): string[] => Array.from({ length: 8 }, (_, at) => ((value >> BigInt(112 - 16 * at)) & 0xffffn).toString(16));

/** RFC 5952 §4, written anew: the leftmost longest run of two zero groups or more becomes `::`. */
function canonicalIpv6(value: bigint): string {
  const groups = groupsOf(value);
  let best = { at: 0, length: 1 };
  for (let at = 0; at < 8; at += 1) {
    let length = 0;
    while (groups[at + length] === '0') length += 1;
    if (length > best.length) best = { at, length };
  }
  if (best.length < 2) return groups.join(':');
  return `${groups.slice(0, best.at).join(':')}::${groups.slice(best.at + best.length).join(':')}`;
}

const canonicalIpv4 = (value: bigint): string => [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');

test('the text of a prefix is canonical and reads back as the same prefix', () => {
  fc.assert(
    fc.property(prefix, (one) => {
      const text = formatPrefix(one);
      expect(text).toBe(`${one.family === 'ipv4' ? canonicalIpv4(one.first) : canonicalIpv6(one.first)}/${one.length}`);
      expect(parsePrefix(text)).toEqual(one);
    }),
    { numRuns: 1000 },
  );
});

test('however an IPv6 address is written, it is the same address', () => {
  fc.assert(
    fc.property(address('ipv6'), fc.boolean(), fc.boolean(), (value, padded, upper) => {
      const groups = groupsOf(value).map((group) => (padded ? group.padStart(4, '0') : group));
      const plain = groups.join(':');
      const embedded = `${groups.slice(0, 6).join(':')}:${canonicalIpv4(value & 0xffff_ffffn)}`;
      for (const text of [plain, embedded, canonicalIpv6(value)]) {
        expect(parseAddress(upper ? text.toUpperCase() : text)).toEqual({ family: 'ipv6', address: value });
      }
    }),
  );
});

test('an address alone is its host prefix', () => {
  fc.assert(
    fc.property(family.chain((of) => fc.tuple(fc.constant(of), address(of))), ([of, value]) => {
      expect(parsePrefixOrAddress(formatAddress(of, value))).toEqual({ family: of, first: value, length: familyBits(of) });
    }),
  );
});

test('host bits are refused with the prefix that was probably meant', () => {
  fc.assert(
    fc.property(family.chain((of) => fc.tuple(fc.constant(of), address(of), fc.integer({ min: 0, max: familyBits(of) }))), ([of, value, length]) => {
      const meant = prefixAround(of, value, length);
      fc.pre(meant.first !== value);
      const refusal = refusalOf(() => parsePrefix(`${formatAddress(of, value)}/${length}`));
      expect(refusal).toMatchObject({ code: 'invalid-prefix', details: { canonical: formatPrefix(meant) } });
    }),
  );
});

test.each([
  '', '/', '/24', '1.2.3.4', '1.2.3/24', '1.2.3.4.5/32', '256.0.0.0/8', '1.2.3.4/33', '1.2.3.4/-1', '1.2.3.4/032', '1.2.3.4/+32', '1.2.3.4/ 32', ' 1.2.3.4/32', '1.2.3.4/32 ',
  '1.2.3.4/255.255.255.255', '0x1.2.3.4/32', '010.0.0.0/8', '1.2.3.04/32', '16909060/32', '１.2.3.4/32', '::/129', '::1::/128', ':::/128', '1:2:3:4:5:6:7/128', '1:2:3:4:5:6:7:8:9/128', '12345::/32',
  'g::/16', 'fe80::1%eth0/128', '[::1]/128', '::1.2.3/128', '::1.2.3.256/128', '1.2.3.4::/32', '::/0/0', '::/128\n', '2001:db8::\u0000/32', ':/0', '.:/0', 'a:/16', '::.1/128',
])('%j is no prefix', (text) => {
  expect(refusalOf(() => parsePrefix(text))).toMatchObject({ code: 'invalid-prefix' });
});

test('whatever the text, it is a prefix in canonical form or a refusal, never another error', () => {
  const likely = fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdf:./ %')), maxLength: 24 });
  fc.assert(
    fc.property(fc.oneof(likely, fc.string()), (text) => {
      const outcome = refusalOf(() => parsePrefix(text));
      if (outcome === undefined) expect(parsePrefix(formatPrefix(parsePrefix(text)))).toEqual(parsePrefix(text));
      else expect(outcome.code).toBe('invalid-prefix');
    }),
    { numRuns: 3000 },
  );
});

function refusalOf(work: () => unknown): CasmError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof CasmError) return error;
    throw error;
  }
}
