/**
 * Sees what every client is told, at the moment it is told: a prefix that is given to one while another still has it is a
 * duplicate, even if the database is in order a moment later.
 */
import { formatPrefix, overlaps, parsePrefix, type Prefix } from '../../src/model/prefix.js';

export interface Had {
  readonly id: string;
  readonly prefix: string;
}

export class Witness {
  readonly duplicates: string[] = [];
  /** Allocations that were ever acknowledged. */
  readonly acknowledged = new Set<string>();
  private readonly had = new Map<string, Prefix>();

  gains({ id, prefix: text }: Had): void {
    const prefix = parsePrefix(text);
    for (const [other, one] of this.had) if (other !== id && overlaps(one, prefix)) this.duplicates.push(`${text} while another had ${formatPrefix(one)}`);
    this.had.set(id, prefix);
    this.acknowledged.add(id);
  }

  /** Before the release is asked for: from then on it may be anybody's. */
  lets(id: string): void {
    this.had.delete(id);
  }

  /** One line each, as `allocationLines` of the database gives them. */
  get lines(): string[] {
    return [...this.had].map(([id, prefix]) => `${id} ${formatPrefix(prefix)}`);
  }

  get size(): number {
    return this.had.size;
  }
}
