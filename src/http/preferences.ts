/** What a client would like (RFC 7240): of several preferences the one that is known here; all others are passed over. */

const preference = /(?:"(?:[^"\\]|\\.)*"|[^",])+/g;

/** @returns for how many seconds the client would wait, `most` at most; 0 when it does not say, or not in a way that can be read. */
export function waitOf(prefer: string | undefined, most: number): number {
  for (const [one] of (prefer ?? '').matchAll(preference)) {
    const [, name = '', value = ''] = /^\s*([^\s=;]+)\s*(?:=\s*"?([^\s;"]*))?/.exec(one) ?? [];
    // Said twice, the first counts (§2).
    if (name.toLowerCase() === 'wait') return /^\d+$/.test(value) ? Math.min(Number(value), most) : 0;
  }
  return 0;
}
