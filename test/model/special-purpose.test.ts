/** Which blocks are special, against addresses whose purpose the registries of RFC 6890 state. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatPrefix, parsePrefix } from '../../src/model/prefix.js';
import { specialPurposeOf } from '../../src/model/special-purpose.js';
import { partOf } from './arbitraries.js';

const nameOf = (text: string): string | undefined => specialPurposeOf(parsePrefix(text))?.name;

test.each([
  ['0.0.0.0/32', /RFC 791/], ['10.255.255.0/24', /RFC 1918/], ['100.64.0.0/10', /RFC 6598/], ['100.127.255.255/32', /RFC 6598/], ['127.0.0.1/32', /RFC 1122/], ['169.254.0.0/16', /RFC 3927/],
  ['172.16.0.0/12', /RFC 1918/], ['172.31.255.255/32', /RFC 1918/], ['192.0.0.0/29', /RFC 6890/], ['192.0.2.0/24', /RFC 5737/], ['192.88.99.1/32', /RFC 7526/], ['192.168.0.0/16', /RFC 1918/],
  ['198.18.0.0/15', /RFC 2544/], ['198.51.100.0/24', /RFC 5737/], ['203.0.113.7/32', /RFC 5737/], ['224.0.0.0/4', /RFC 5771/], ['255.255.255.255/32', /RFC 1112/],
  ['::/128', /RFC 4291/], ['::1/128', /RFC 4291/], ['::ffff:0:0/96', /RFC 4291/], ['64:ff9b::/96', /RFC 6052/], ['64:ff9b:1::/48', /RFC 8215/], ['100::/64', /RFC 6666/], ['2001::/32', /RFC 2928/],
  ['2001:db8::/32', /RFC 3849/], ['2002::/16', /6to4/], ['2620:4f:8000::/48', /RFC 7534/], ['3fff::/20', /RFC 9637/], ['5f00::/16', /RFC 9602/], ['fc00::/7', /RFC 4193/], ['fd12:3456::/32', /RFC 4193/],
  ['fe80::/10', /RFC 4291/], ['ff02::1/128', /RFC 4291/],
])('%s is special', (text, name) => {
  expect(nameOf(text)).toMatch(name);
});

test.each(['1.0.0.0/8', '9.0.0.0/8', '11.0.0.0/8', '45.96.0.0/16', '100.63.0.0/16', '100.128.0.0/9', '126.0.0.0/8', '172.15.0.0/16', '172.32.0.0/11', '192.0.1.0/24', '192.0.3.0/24', '198.17.0.0/16', '198.20.0.0/14',
  '223.255.255.0/24', '2001:200::/23', '2001:db7::/32', '2001:db9::/32', '2003::/18', '2400::/12', '2a0e:b100::/32', '3ffe::/16'])('%s is not', (text) => {
  expect(nameOf(text)).toBeUndefined();
});

test.each(['0.0.0.0/0', '192.0.0.0/8', '172.0.0.0/8', '2001::/16', '::/0', '2000::/3'])('%s is special because of what lies in it', (text) => {
  expect(nameOf(text)).toBeDefined();
});

test('every part of a special block is special, and the block named touches what was asked', () => {
  fc.assert(
    fc.property(fc.constantFrom('10.0.0.0/8', '100.64.0.0/10', '240.0.0.0/4', 'fc00::/7', '2001:db8::/32').map(parsePrefix).chain(partOf), (part) => {
      expect(specialPurposeOf(part), formatPrefix(part)).toBeDefined();
    }),
  );
});
