/** Delegation statistics as the RIRs publish them, line by line; the whole APNIC file where it is at hand. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseDelegations } from '../../src/model/delegations.js';
import { formatPrefix, prefixSize } from '../../src/model/prefix.js';

const texts = (text: string): string[][] => parseDelegations(text).lines.map((line) => line.prefixes.map(formatPrefix));
const header = '2|apnic|20140701|33338|19830613|20140630|+1000';

test('records become prefixes, a count that is no power of two several', () => {
  const read = parseDelegations(`${header}\napnic|*|asn|*|5777|summary\n# a comment\n\napnic|CN|ipv4|1.2.8.0|768|20110418|assigned\r\nAPNIC|cn|ipv6|2001:0250::|35|20000426|allocated|e-stats\n`);
  expect(read.refused).toEqual([]);
  expect(read.ignored).toBe(3);
  expect(read.lines.map(({ line, registry, country, family, prefixes }) => ({ line, registry, country, family, prefixes: prefixes.map(formatPrefix) }))).toEqual([
    { line: 5, registry: 'apnic', country: 'CN', family: 'ipv4', prefixes: ['1.2.8.0/23', '1.2.10.0/24'] },
    { line: 6, registry: 'apnic', country: 'CN', family: 'ipv6', prefixes: ['2001:250::/35'] },
  ]);
});

test('the ends of the address space are in reach, and no further', () => {
  expect(texts('apnic|CN|ipv4|0.0.0.0|4294967296|20110418|assigned')).toEqual([['0.0.0.0/0']]);
  expect(texts('apnic|CN|ipv4|255.255.255.255|1|20110418|assigned')).toEqual([['255.255.255.255/32']]);
  expect(texts('apnic|CN|ipv6|::|0|20110418|assigned')).toEqual([['::/0']]);
});

test.each([
  ['apnic|CN|ipv4|255.255.255.255|2|20110418|assigned', /no range of IPv4/],
  ['apnic|CN|ipv4|1.2.8.0|0|20110418|assigned', /no range of IPv4/],
  ['apnic|CN|ipv4|1.2.8.0|-256|20110418|assigned', /no count/],
  ['apnic|CN|ipv4|1.2.8.0|256.5|20110418|assigned', /no count/],
  ['apnic|CN|ipv4|1.2.8|256|20110418|assigned', /not an IPv4/],
  ['apnic|CN|ipv4|2001:db8::|256|20110418|assigned', /no IPv4 address/],
  ['apnic|CN|ipv6|2001:250::1|35|20110418|allocated', /bits set/],
  ['apnic|CN|ipv6|2001:250::|129|20110418|allocated', /no IPv6 prefix/],
  ['apnic|CN|ipv6|1.2.3.4|32|20110418|allocated', /no IPv6 prefix/],
  ['apnic|C|ipv4|1.2.8.0|256|20110418|assigned', /no country/],
  ['ap nic|CN|ipv4|1.2.8.0|256|20110418|assigned', /no registry/],
  ['this is no record', /not a record/],
])('%s is refused by itself', (bad, why) => {
  const read = parseDelegations(`${header}\n${bad}\napnic|CN|ipv4|1.0.1.0|256|20110414|allocated`);
  expect(read.lines).toHaveLength(1);
  expect(read.refused).toEqual([{ line: 2, text: bad, detail: expect.stringMatching(why) as string }]);
});

test.each(['', '\n\n', 'hello', '{"json": true}', 'a|b|c'])('%j is no such file at all', (text) => {
  expect(() => parseDelegations(text)).toThrow(expect.objectContaining({ code: 'import-invalid' }));
});

test('a line as long as the whole file is answered in part only', () => {
  const read = parseDelegations(`${header}\n${'x'.repeat(100_000)}`);
  expect(read.refused[0]?.text.length).toBeLessThanOrEqual(500);
});

const file = `${process.env['CASM_SHARED'] ?? '../shared'}/data/delegated-apnic-2014.txt`;
const present = existsSync(file);

test.skipIf(!present)(`every line of the APNIC file is accounted for${present ? '' : ` (skipped: there is no ${file})`}`, () => {
  const text = readFileSync(file, 'utf8');
  const { lines, refused, ignored } = parseDelegations(text);
  const contents = text.split('\n').map((line) => line.replace(/\r$/, ''));
  expect(lines.length + refused.length + ignored).toBe(contents.filter((line) => line !== '').length);
  expect(refused).toEqual([]);
  const records = (family: string): string[][] => contents.map((line) => line.split('|')).filter((fields) => fields.length >= 7 && fields[2] === family);
  expect([lines.filter((line) => line.family === 'ipv4').length, lines.filter((line) => line.family === 'ipv6').length]).toEqual([records('ipv4').length, records('ipv6').length]);
  expect([records('ipv4').length, records('ipv6').length]).toEqual([24_065, 3_496]);
  // Not one address more or less than the file says.
  const delegated = records('ipv4').reduce((sum, fields) => sum + BigInt(fields[4] ?? ''), 0n);
  expect(lines.filter((line) => line.family === 'ipv4').flatMap((line) => line.prefixes).reduce((sum, one) => sum + prefixSize(one), 0n)).toBe(delegated);
});
