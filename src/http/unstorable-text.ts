/** Finds text that JSON can carry and PostgreSQL cannot hold: U+0000 and halves of surrogate pairs. Names, too, are text. */

/**
 * @param value plain JSON of bounded depth: what the contract has let through.
 * @returns the JSON pointer of the first such text, `''` for the value itself; undefined when all of it can be stored.
 */
export function unstorableText(value: unknown, pointer = ''): string | undefined {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed() ? pointer : undefined;
  if (value === null || typeof value !== 'object') return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const at = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const found = unstorableText(name, at) ?? unstorableText(inner, at);
    if (found !== undefined) return found;
  }
  return undefined;
}
