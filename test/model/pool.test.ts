/** The rules of a policy: what a change may say, and which length a request gets. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CasmError } from '../../src/model/errors.js';
import { defaultPolicy, lengthToAllocate, mergePolicy, type LengthPolicy } from '../../src/model/pool.js';
import { familyBits } from '../../src/model/prefix.js';
import { family } from './arbitraries.js';

const length = fc.integer({ min: 0, max: 128 });
const lengths: fc.Arbitrary<LengthPolicy> = fc.record({ minPrefixLength: length, maxPrefixLength: length, defaultPrefixLength: fc.option(length) });

test('what is not named stays, in each family by itself', () => {
  const base = mergePolicy(defaultPolicy, { ipv4: { minPrefixLength: 20, maxPrefixLength: 28 }, quarantineSeconds: 60 });
  const changed = mergePolicy(base, { ipv4: { defaultPrefixLength: 24 }, ipv6: { minPrefixLength: 48 } });
  expect(changed).toEqual({
    ...defaultPolicy,
    ipv4: { minPrefixLength: 20, maxPrefixLength: 28, defaultPrefixLength: 24 },
    ipv6: { minPrefixLength: 48, maxPrefixLength: 128, defaultPrefixLength: null },
    quarantineSeconds: 60,
  });
  expect(mergePolicy(base)).toEqual(base);
  expect(base.ipv4.defaultPrefixLength).toBeNull();
});

test('a policy is taken exactly when its bounds agree with each other and with the family', () => {
  fc.assert(
    fc.property(family, lengths, (of, wanted) => {
      const { minPrefixLength: least, maxPrefixLength: most, defaultPrefixLength: usual } = wanted;
      const sound = least <= most && most <= familyBits(of) && (usual === null || (least <= usual && usual <= most));
      if (sound) expect(mergePolicy(defaultPolicy, { [of]: wanted })[of]).toEqual(wanted);
      else expect(codeOf(() => mergePolicy(defaultPolicy, { [of]: wanted }))).toBe('length-not-allowed');
    }),
    { numRuns: 500 },
  );
});

test('the length allocated is the one asked for or the default, and always one that the policy allows', () => {
  fc.assert(
    fc.property(family, lengths, fc.option(length, { nil: undefined }), (of, wanted, asked) => {
      const policy = { ...defaultPolicy, [of]: wanted };
      const meant = asked ?? wanted.defaultPrefixLength;
      const allowed = meant !== null && wanted.minPrefixLength <= meant && meant <= wanted.maxPrefixLength;
      if (allowed) expect(lengthToAllocate(policy, of, asked)).toBe(meant);
      else expect(codeOf(() => lengthToAllocate(policy, of, asked))).toBe('length-not-allowed');
    }),
    { numRuns: 500 },
  );
});

test('/0 is a length like any other, not the absence of one', () => {
  expect(lengthToAllocate(defaultPolicy, 'ipv4', 0)).toBe(0);
  expect(lengthToAllocate(mergePolicy(defaultPolicy, { ipv6: { defaultPrefixLength: 0 } }), 'ipv6', undefined)).toBe(0);
});

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof CasmError ? error.code : String(error);
  }
}
