import type { Prefix } from '../model/prefix.js';

/** A free block, and the pool prefix it is a part of. */
export interface FreeBlock {
  readonly prefix: Prefix;
  readonly poolPrefix: string;
}
