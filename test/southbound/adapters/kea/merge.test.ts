import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DocumentRange } from '../../../../src/model/document.js';
import { overlaps, parsePrefix } from '../../../../src/model/prefix.js';
import { canonicalJson, type JsonObject, objectsIn, parseExactJson } from '../../../../src/southbound/adapters/kea/exact-json.js';
import { keaServices } from '../../../../src/southbound/adapters/kea/kea-service.js';
import { merge, type Plan } from '../../../../src/southbound/adapters/kea/merge.js';
import { noSubnetIds, type SubnetIds } from '../../../../src/southbound/adapters/kea/subnet-ids.js';
import { ownerOf } from '../../../../src/southbound/adapters/kea/subnet.js';
import { deviceId, v4Range } from '../../contract-documents.js';

const [dhcp4] = keaServices;
if (dhcp4 === undefined) throw new Error('no dhcp4');

const plan = (running: JsonObject, ranges: readonly DocumentRange[], ids: SubnetIds = noSubnetIds, vacated: ReadonlySet<number> = new Set()): Plan =>
  merge({ service: dhcp4, device: deviceId, options: { drain: 'passive', onRemoval: 'wait' }, running, ranges, ids, vacated });
const others: JsonObject[] = [
  { id: 30, subnet: '172.16.0.0/24', pools: [{ pool: '172.16.0.0/25' }] },
  { id: 31, subnet: '172.16.1.7/24', 'user-context': { casm: { device: 'another', range: 'x' } } },
];
const server = (...subnets: JsonObject[]): JsonObject => ({ 'valid-lifetime': 4000, subnet4: subnets });
const ownIn = (configuration: JsonObject): JsonObject[] => objectsIn(configuration['subnet4']).filter((subnet) => ownerOf(subnet)?.device === deviceId);

describe('merge', () => {
  it('keeps what is on its way out, without a pool, until it is known to be free of leases', () => {
    const before = plan(server(), [v4Range('10.0.0.0/24')]);
    const without = plan(before.configuration, [], before.ids);
    expect(without).toMatchObject({ changed: true, retiring: [{ id: 1 }], configuration: { subnet4: [{ id: 1, pools: [] }] } });
    const emptied = plan(without.configuration, [], without.ids, new Set([1]));
    expect(emptied).toMatchObject({ changed: true, retiring: [], configuration: { subnet4: [] } });
  });

  it('lets a range wait that lies in what is on its way out', () => {
    const before = plan(server(), [v4Range('10.0.0.0/24')]);
    const halved = plan(before.configuration, [v4Range('10.0.0.0/25'), v4Range('10.0.1.0/25')], before.ids);
    expect(ownIn(halved.configuration).map((subnet) => subnet['subnet'])).toEqual(['10.0.0.0/24', '10.0.1.0/25']);
  });

  it('finds its subnets inside of shared networks, and changes them there', () => {
    const own = ownIn(plan(server(), [v4Range('10.0.0.0/24')]).configuration);
    const running: JsonObject = { subnet4: [], 'shared-networks': [{ name: 'campus', subnet4: [...own, ...others] }] };
    expect(plan(running, [v4Range('10.0.0.0/24')]).changed).toBe(false);
    const { configuration } = plan(running, [{ ...v4Range('10.0.0.0/24'), state: 'draining' }]);
    expect(configuration).toMatchObject({ subnet4: [], 'shared-networks': [{ name: 'campus', subnet4: [{ subnet: '10.0.0.0/24', pools: [] }, {}, {}] }] });
  });

  it('names whose subnet is in the way', () => {
    expect(() => plan(server(...others), [v4Range('172.16.0.0/23')])).toThrow('172.16.0.0/24 (id 30) of another party');
    expect(() => plan(server(...others), [v4Range('172.16.1.0/26')])).toThrow('172.16.1.0/24 (id 31) of the device another');
  });

  it('refuses to run out of ids, and ranges that say nothing to hand out', () => {
    expect(() => plan(server({ id: 4_294_967_294, subnet: '172.16.0.0/24' }), [v4Range('10.0.0.0/24')])).toThrow('no subnet id left');
    expect(() => plan(server(), [{ ...v4Range('10.0.0.0/24'), lowerAddress: null }])).toThrow('neither addresses nor a delegated length');
  });

  it('settles after any sequence of documents: exactly the ranges, others untouched, no id used twice', () => {
    // A range is a block of a /20 and a length; overlapping ones are left out, as the database would.
    const range = fc.record({ at: fc.nat(15), length: fc.constantFrom(24, 25, 26), draining: fc.boolean() });
    const document = fc.array(range, { maxLength: 8 }).map((drawn) =>
      drawn
        .map(({ at, length, draining }): DocumentRange => ({ ...v4Range(`10.0.${at}.0/${length}`), state: draining ? 'draining' : 'active' }))
        .filter((one, index, all) => all.findIndex((other) => overlaps(parsePrefix(one.prefix), parsePrefix(other.prefix))) === index),
    );
    fc.assert(
      fc.property(fc.array(document, { minLength: 1, maxLength: 6 }), (documents) => {
        let running = server(...others);
        let ids = noSubnetIds;
        const usedBy = new Map<unknown, string>();
        for (const ranges of documents) {
          const first = plan(running, ranges, ids);
          const last = plan(first.configuration, ranges, first.ids, new Set(first.retiring.map(({ id }) => id)));
          ({ configuration: running, ids } = last);
          expect(plan(running, ranges, ids)).toMatchObject({ changed: false, retiring: [] });
          const own = ownIn(running);
          expect(own.map((subnet) => subnet['subnet']).toSorted()).toEqual(ranges.map(({ prefix }) => prefix).toSorted());
          for (const subnet of own) {
            expect(usedBy.get(subnet['id']) ?? subnet['subnet']).toBe(subnet['subnet']);
            usedBy.set(subnet['id'], String(subnet['subnet']));
            expect(subnet['id']).toBeGreaterThan(31);
          }
          expect(objectsIn(running['subnet4']).filter((subnet) => !own.includes(subnet))).toEqual(others);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('exact JSON', () => {
  it('carries numbers of others through unchanged, and compares without regard to order', () => {
    const text = '{"b":1.0,"a":[12345678901234567890,-0,1e3,2],"c":{"e":null,"d":"x"}}';
    expect(JSON.stringify(parseExactJson(text))).toBe(text);
    expect(canonicalJson(parseExactJson(text))).toBe('{"a":[12345678901234567890,-0,1e3,2],"b":1.0,"c":{"d":"x","e":null}}');
  });
});
