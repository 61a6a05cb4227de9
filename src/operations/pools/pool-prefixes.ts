/** The rules of a pool's own prefixes, whoever brings them: canonical, apart from each other, not special-purpose. */
import { CasmError } from '../../model/errors.js';
import { comparePrefixes, formatPrefix, overlaps, parsePrefix, type Prefix } from '../../model/prefix.js';
import { specialPurposeOf } from '../../model/special-purpose.js';

/** @throws CasmError `invalid-prefix`, `prefix-overlap` */
export function readPoolPrefixes(texts: readonly string[]): Prefix[] {
  const prefixes = texts.map(parsePrefix).sort(comparePrefixes);
  prefixes.forEach((prefix, at) => {
    const before = prefixes[at - 1];
    if (before !== undefined && overlaps(before, prefix)) {
      throw new CasmError('prefix-overlap', `${formatPrefix(prefix)} and ${formatPrefix(before)} of the same request overlap`, {
        prefix: formatPrefix(prefix),
        conflicts: [formatPrefix(before)],
      });
    }
  });
  return prefixes;
}

/** @throws CasmError `special-purpose` */
export function refuseSpecialPurpose(prefixes: readonly Prefix[]): void {
  for (const prefix of prefixes) {
    const special = specialPurposeOf(prefix);
    if (special === undefined) continue;
    const text = formatPrefix(prefix);
    throw new CasmError('special-purpose', `${text} touches ${formatPrefix(special.prefix)}, ${special.name}: set policy.allowSpecialPurpose if that is meant`, {
      prefix: text,
      conflicts: [formatPrefix(special.prefix)],
    });
  }
}
