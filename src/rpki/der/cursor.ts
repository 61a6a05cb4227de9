/** Walks the members of one constructed value in the order of its ASN.1 definition; what is not asked for is refused. */
import { malformed } from '../rpki-error.js';
import { readChildren, type DerValue } from './read.js';
import { Tag } from './tags.js';

export class DerCursor {
  private readonly members: readonly DerValue[];
  private at = 0;

  /** @param what names the structure in error messages. @throws RpkiError `malformed` when the tag is another */
  constructor(value: DerValue, private readonly what: string, tag: number = Tag.sequence) {
    if (value.tag !== tag) throw malformed(`${what}: tag 0x${value.tag.toString(16)} where 0x${tag.toString(16)} belongs`);
    this.members = readChildren(value);
  }

  /** The next member, which must be there; with `tag`, of that tag. @throws RpkiError `malformed` */
  next(tag?: number): DerValue {
    const value = this.members[this.at];
    if (value === undefined) throw malformed(`${this.what}: a member is missing`);
    if (tag !== undefined && value.tag !== tag) {
      throw malformed(`${this.what}: tag 0x${value.tag.toString(16)} where 0x${tag.toString(16)} belongs`);
    }
    this.at += 1;
    return value;
  }

  /** The next member when it has this tag. */
  optional(tag: number): DerValue | undefined {
    return this.members[this.at]?.tag === tag ? this.next() : undefined;
  }

  more(): boolean {
    return this.at < this.members.length;
  }

  /** @throws RpkiError `malformed` when members are left */
  end(): void {
    if (this.more()) throw malformed(`${this.what}: unexpected members at the end`);
  }
}
