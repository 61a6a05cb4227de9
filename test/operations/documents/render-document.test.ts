/** State → document against golden files: whole documents, as devices of each kind get them. `-u` writes them anew, to be read. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { northbound, southbound } from '../../../src/contract/contract.js';
import type { AllocationState } from '../../../src/model/allocation.js';
import type { Device } from '../../../src/model/device.js';
import { contains, familyBits, formatPrefix, parseAddress, parsePrefix } from '../../../src/model/prefix.js';
import { renderDocument, type Served } from '../../../src/operations/documents/render-document.js';
import { prefix } from '../../model/arbitraries.js';

const device: Device = {
  id: '0192f5f0-0000-7000-8000-00000000000d',
  spaceId: '0192f5f0-0000-7000-8000-000000000001',
  name: 'bng-north-1',
  kind: 'bng',
  adapter: 'pull',
  endpoint: null,
  credentialNames: [],
  domains: [],
  labels: {},
  state: 'active',
  enrolment: null,
  lastSeenAt: null,
  version: '1',
  createdAt: '2026-01-01T00:00:00.000Z',
};

function served(text: string, more: Partial<Served> = {}): Served {
  return { id: '0192f5f0-0000-7000-8000-0000000000aa', prefix: text, state: 'active', holder: 'retail', service: 'internet', originAs: null, ...more };
}

const golden = (name: string): string => new URL(`../../southbound/golden/${name}.json`, import.meta.url).pathname;
const text = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function expectValid(document: unknown): void {
  const pull = southbound.operations.find((operation) => operation.id === 'pullDocument');
  const look = northbound.operations.find((operation) => operation.id === 'getDeviceDocument');
  expect(pull?.validateAnswer(200, 'application/json', document)).toEqual([]);
  expect(look?.validateAnswer(200, 'application/json', document)).toEqual([]);
}

describe('one range', () => {
  test.each([
    ['ipv4-24', '45.96.100.0/24'],
    ['ipv4-29', '45.96.100.8/29'],
    ['ipv4-30', '45.96.100.4/30'],
    ['ipv4-31', '45.96.100.2/31'],
    ['ipv4-32', '45.96.100.1/32'],
    ['ipv6-44', '2a0e:b100:10::/44'],
    ['ipv6-55', '2a0e:b100:0:200::/55'],
    ['ipv6-56', '2a0e:b100:0:100::/56'],
    ['ipv6-60', '2a0e:b100:0:10::/60'],
    ['ipv6-64', '2a0e:b100:0:1::/64'],
    ['ipv6-120', '2a0e:b100::100/120'],
    ['ipv6-127', '2a0e:b100::2/127'],
    ['ipv6-128', '2a0e:b100::1/128'],
  ])('%s', async (name, prefixText) => {
    const document = renderDocument(device, '7', [served(prefixText)], []);
    expectValid(document);
    await expect(text(document)).toMatchFileSnapshot(golden(name));
  });
});

test('a BNG with ranges of both families, one of them draining', async () => {
  const ranges = [served('45.96.100.0/24'), served('45.96.101.0/24', { state: 'draining', service: 'iptv' }), served('45.96.102.0/24', { state: 'drained' }), served('2a0e:b100:10::/44', { state: 'provisioning', holder: 'wholesale' })];
  const document = renderDocument(device, '12', ranges, []);
  expectValid(document);
  await expect(text(document)).toMatchFileSnapshot(golden('bng-draining'));
});

test('a parent CA: resources, and the AS that originates them', async () => {
  const certified = [served('45.96.100.0/24', { originAs: 64500 }), served('45.96.101.0/24', { state: 'withdrawing' }), served('2a0e:b100:10::/44', { originAs: 4294967295 })];
  const document = renderDocument({ ...device, kind: 'rpki', adapter: 'rpki', name: 'parent-ca' }, '3', [], certified);
  expectValid(document);
  await expect(text(document)).toMatchFileSnapshot(golden('rpki'));
});

test('a device with nothing holds nothing: an empty document, not none', async () => {
  const document = renderDocument(device, '1', [], []);
  expectValid(document);
  await expect(text(document)).toMatchFileSnapshot(golden('empty'));
});

test('what is rendered says only what it was given: the same state, the same octets', () => {
  const once = text(renderDocument(device, '7', [served('45.96.100.0/24')], []));
  expect(text(renderDocument({ ...device, version: '99', lastSeenAt: '2026-02-02T00:00:00.000Z', credentialNames: ['secret'] }, '7', [served('45.96.100.0/24')], []))).toBe(once);
});

test('of any prefix: addresses lie in it, gateway and pool apart, and something can be handed out or delegated', () => {
  const states = fc.constantFrom<AllocationState>('provisioning', 'active', 'draining', 'drained');
  fc.assert(
    fc.property(prefix, states, (one, state) => {
      const document = renderDocument(device, '1', [served(formatPrefix(one), { state })], []);
      expectValid(document);
      const [range] = document.ranges;
      if (range === undefined) throw new Error('the range is missing');
      const { gateway, lowerAddress, upperAddress, delegatedLength } = range;
      expect(range.state).toBe(state === 'draining' || state === 'drained' ? 'draining' : 'active');
      for (const address of [gateway, lowerAddress, upperAddress].filter((found) => found !== null)) {
        expect(contains(one, parsePrefix(`${address}/${familyBits(one.family)}`)), address).toBe(true);
      }
      const value = (address: string): bigint => parseAddress(address).address;
      if (delegatedLength !== null) {
        expect([one.family, lowerAddress, upperAddress]).toEqual(['ipv6', null, null]);
        expect(delegatedLength).toBeGreaterThan(one.length);
      } else if (lowerAddress === null || upperAddress === null) throw new Error('neither delegated nor handed out');
      else {
        expect(value(lowerAddress) <= value(upperAddress)).toBe(true);
        if (gateway !== null) expect(value(gateway) < value(lowerAddress)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});
