/**
 * Finds what JSON can carry and PostgreSQL cannot hold: U+0000 and halves of surrogate pairs in texts and names; and depth that
 * nobody means, since what reads it next may be recursive.
 */

/**
 * @param value plain JSON.
 * @returns the JSON pointer of the first of it, `''` for the value itself; undefined when all of it can be stored.
 */
export function unstorableText(value: unknown, pointer = '', levels = 64): string | undefined {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed() ? pointer : undefined;
  if (value === null || typeof value !== 'object') return undefined;
  if (levels === 0) return pointer;
  for (const [name, inner] of Object.entries(value)) {
    const at = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const found = unstorableText(name, at) ?? unstorableText(inner, at, levels - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
