/**
 * Which class certifies what. A resource stays in the class whose certificate holds it already; the rest goes to as few
 * classes as will have it. Pure: decides, asks nobody.
 */
import {
  containsResources,
  differenceOfResources,
  intersectionOfResources,
  isEmpty,
  noResources,
  unionOfResources,
  type ResourceSet,
} from '../../../rpki/resources/resource-set.js';

export interface ClassOffer {
  readonly className: string;
  /** What the parent would certify in this class. */
  readonly entitlement: ResourceSet;
  /** What our certificate there holds; nothing when there is none. */
  readonly certified: ResourceSet;
}

export interface Distribution {
  /** For every class offered, sorted by name; empty where the class is not needed. */
  readonly shares: ReadonlyMap<string, ResourceSet>;
  /** What no class would certify. */
  readonly notEntitled: ResourceSet;
}

export function distribute(wanted: ResourceSet, offers: readonly ClassOffer[]): Distribution {
  const sorted = offers.toSorted((a, b) => (a.className < b.className ? -1 : 1));
  const shares = new Map<string, ResourceSet>();
  let rest = wanted;
  for (const { className, entitlement, certified } of sorted) {
    const kept = intersectionOfResources(rest, intersectionOfResources(entitlement, certified));
    shares.set(className, kept);
    rest = differenceOfResources(rest, kept);
  }
  for (const { className, entitlement } of inOrderOfUse(sorted, rest, shares)) {
    const taken = intersectionOfResources(rest, entitlement);
    shares.set(className, unionOfResources(shares.get(className) ?? noResources, taken));
    rest = differenceOfResources(rest, taken);
  }
  return { shares, notEntitled: rest };
}

/** Classes that would take all of the rest before others; among them those in use before unused ones; then by name. */
function inOrderOfUse(sorted: readonly ClassOffer[], rest: ResourceSet, shares: ReadonlyMap<string, ResourceSet>): ClassOffer[] {
  const rank = ({ className, entitlement }: ClassOffer): number =>
    (containsResources(entitlement, rest) ? 0 : 2) + (isEmpty(shares.get(className) ?? noResources) ? 1 : 0);
  return sorted.toSorted((a, b) => rank(a) - rank(b));
}
