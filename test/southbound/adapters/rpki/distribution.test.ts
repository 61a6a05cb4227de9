/** Which class certifies what, decided over arbitrary offers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePrefix } from '../../../../src/model/prefix.js';
import { containsResources, equalResources, intersectionOfResources, isEmpty, noResources, resourcesOfPrefixes, unionOfResources, type ResourceSet } from '../../../../src/rpki/resources/resource-set.js';
import { distribute } from '../../../../src/southbound/adapters/rpki/distribution.js';

const of = (...prefixes: string[]): ResourceSet => resourcesOfPrefixes(prefixes.map(parsePrefix));
const some = fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 10 }).map((octets) => of(...octets.map((octet) => `10.0.${octet}.0/24`)));

describe('the distribution over classes', () => {
  it('gives out everything that can be, once, within entitlements, and leaves what is certified where it is', () => {
    fc.assert(
      fc.property(some, fc.array(fc.tuple(some, some), { maxLength: 4 }), (wanted, pairs) => {
        let taken = noResources;
        const offers = pairs.map(([entitlement, certified], i) => {
          const offer = { className: String(i), entitlement, certified };
          return offer;
        });
        const { shares, notEntitled } = distribute(wanted, offers);
        let together = notEntitled;
        for (const { className, entitlement } of offers) {
          const share = shares.get(className)!;
          expect(containsResources(entitlement, share)).toBe(true);
          expect(isEmpty(intersectionOfResources(together, share))).toBe(true);
          together = unionOfResources(together, share);
          taken = unionOfResources(taken, entitlement);
        }
        expect(equalResources(together, wanted)).toBe(true);
        expect(isEmpty(intersectionOfResources(notEntitled, taken))).toBe(true);
      }),
    );
  });

  it('keeps a resource in the class that certifies it, though another would take all', () => {
    const { shares } = distribute(of('10.0.0.0/24', '10.0.1.0/24'), [
      { className: 'a', entitlement: of('10.0.0.0/16'), certified: noResources },
      { className: 'b', entitlement: of('10.0.0.0/24'), certified: of('10.0.0.0/24') },
    ]);
    expect(shares.get('b')).toEqual(of('10.0.0.0/24'));
    expect(shares.get('a')).toEqual(of('10.0.1.0/24'));
  });

  it('prefers the one class that would take all over two that would share', () => {
    const { shares, notEntitled } = distribute(of('10.0.0.0/24', '10.0.1.0/24'), [
      { className: 'a', entitlement: of('10.0.0.0/24'), certified: noResources },
      { className: 'b', entitlement: of('10.0.0.0/16'), certified: noResources },
    ]);
    expect([...shares]).toEqual([
      ['a', noResources],
      ['b', of('10.0.0.0/23')],
    ]);
    expect(isEmpty(notEntitled)).toBe(true);
  });
});
