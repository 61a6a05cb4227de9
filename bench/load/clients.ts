/**
 * Clients that allocate and release, mixed lengths, each on a connection of its own to one of the controllers. What has been
 * acknowledged and not yet given back is theirs alone: whatever else is answered within it is a duplicate.
 */
import { parsePrefix } from '../../src/model/prefix.js';
import type { Load } from '../samples.js';
import { Connection } from './connection.js';
import { onOrder } from './run-load.js';

export interface ClientsOrder {
  /** Clients are dealt out among them in turn. */
  readonly urls: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly poolId: string;
  /** One of these is drawn for each allocation. */
  readonly wanted: readonly { readonly family: 'ipv4' | 'ipv6'; readonly prefixLength: number }[];
  readonly clients: number;
  readonly seconds: number;
  readonly seed: number;
}

export interface Kept {
  readonly id: string;
  readonly prefix: string;
}

export interface ClientsOutcome {
  readonly load: Load;
  readonly duplicates: number;
  /** What the clients hold at the end, as they were told. */
  readonly kept: readonly Kept[];
}

/** Beyond so many a client rather gives back. */
const plenty = 10;

onOrder(async ({ urls, headers, poolId, wanted, clients, seconds, seed }: ClientsOrder): Promise<ClientsOutcome> => {
  const latencies: number[] = [];
  const reasons: string[] = [];
  let failures = 0;
  const fail = (reason: string): void => {
    failures += 1;
    if (reasons.length < 5) reasons.push(reason);
  };
  const owned = new Owned(Math.max(...wanted.filter(({ family }) => family === 'ipv4').map((one) => one.prefixLength)), Math.max(...wanted.map((one) => one.prefixLength)));
  const began = performance.now();
  const client = async (number: number): Promise<Kept[]> => {
    const connection = new Connection(urls[number % urls.length] ?? '', headers);
    const random = generator(seed + number);
    const kept: Kept[] = [];
    while (performance.now() < began + seconds * 1000) {
      const gone = random() * plenty < kept.length ? kept.splice(Math.floor(random() * kept.length), 1)[0] : undefined;
      // From the moment it asks, the prefix may be another's.
      if (gone !== undefined) owned.giveUp(gone.prefix);
      const drawn = wanted[Math.floor(random() * wanted.length)];
      const answer = gone === undefined ? await connection.post('/v1/allocations', { poolId, ...drawn, holder: `client-${number}`, service: 'internet' }) : await connection.delete(`/v1/allocations/${gone.id}`);
      if (answer.status !== (gone === undefined ? 201 : 200)) fail(`status ${answer.status} ${JSON.stringify(answer.body)}`);
      else latencies.push(answer.milliseconds);
      if (gone === undefined && answer.status === 201) {
        const { id, prefix } = answer.body as Kept;
        owned.claim(prefix);
        kept.push({ id, prefix });
      }
    }
    connection.close();
    return kept;
  };
  const kept = (await Promise.all(Array.from({ length: clients }, (_, number) => client(number)))).flat();
  const load = { seconds: (performance.now() - began) / 1000, latencies: Float64Array.from(latencies), failures, reasons };
  return { load, duplicates: owned.duplicates, kept };
});

/** Which of the smallest blocks somebody has. */
class Owned {
  duplicates = 0;
  private readonly cells = new Set<string>();

  constructor(
    private readonly ipv4Length: number,
    private readonly ipv6Length: number,
  ) {}

  claim(prefix: string): void {
    const cells = this.cellsOf(prefix);
    if (cells.some((cell) => this.cells.has(cell))) this.duplicates += 1;
    for (const cell of cells) this.cells.add(cell);
  }

  giveUp(prefix: string): void {
    for (const cell of this.cellsOf(prefix)) this.cells.delete(cell);
  }

  private cellsOf(text: string): string[] {
    const { family, first, length } = parsePrefix(text);
    const [bits, finest] = family === 'ipv4' ? [32, this.ipv4Length] : [128, this.ipv6Length];
    const start = first >> BigInt(bits - finest);
    return Array.from({ length: 2 ** (finest - length) }, (_, at) => `${family} ${start + BigInt(at)}`);
  }
}

/** The same sequence for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
