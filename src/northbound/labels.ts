/** `key=value,key=value` of a query → labels. The contract has checked the form. */
import type { Labels } from '../model/space.js';

export function readLabels(text: string | undefined): Labels | undefined {
  if (text === undefined) return undefined;
  return Object.fromEntries(text.split(',').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}
