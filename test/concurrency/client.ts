/** One orchestrator: it does one thing after another, chosen by chance, and expects each of them to be done. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { ApiAnswer } from '../support/api.js';
import type { Tree } from './tree.js';
import type { Answered, TwoProcesses } from './two-processes.js';
import type { Had, Witness } from './witness.js';

type Move = () => Promise<void>;

/** One who has more gives some back first: all sixteen together have less than the smallest pool has blocks of the largest size. */
const most = 100;

export class Client {
  private readonly mine: Had[] = [];
  private readonly myPools: string[] = [];
  private asked = 0;
  private readonly moves: readonly Move[];

  constructor(
    private readonly number: number,
    private readonly processes: TwoProcesses,
    private readonly tree: Tree,
    private readonly witness: Witness,
    private readonly random: () => number,
  ) {
    const often = (times: number, move: Move): Move[] => Array.from({ length: times }, () => move);
    this.moves = [
      ...often(6, () => this.allocate(this.poolForAll(), this.byLength())),
      ...often(3, () => this.allocate(this.tree.exact, { prefix: this.ownPrefix() })),
      ...often(6, () => this.release()),
      ...often(2, () => this.hold()),
      ...often(2, () => this.change()),
      ...often(1, () => this.drain()),
      ...often(2, () => this.allocateSet()),
      ...often(1, () => this.batch()),
      ...often(2, () => this.carve()),
      ...often(1, () => this.allocateInOwnPool()),
      ...often(1, () => this.move()),
      ...often(2, () => this.waitForSpace()),
      ...often(1, () => this.relabelPool()),
      ...often(1, () => this.shrink()),
      ...often(1, () => this.splitPool()),
      ...often(1, () => this.mergePools()),
      ...often(1, () => this.dropPool()),
    ];
  }

  async do(moves: number): Promise<void> {
    for (let at = 0; at < moves; at += 1) await (this.mine.length > most ? this.release() : this.moves[this.below(this.moves.length)]?.());
  }

  async giveAllBack(): Promise<void> {
    while (this.mine.length > 0) await this.release();
    while (this.myPools.length > 0) await this.dropPool();
  }

  private below(bound: number): number {
    return Math.floor(this.random() * bound);
  }

  private pick<T>(of: readonly T[]): T {
    return of[this.below(of.length)] as T;
  }

  private poolForAll(): string {
    return this.pick(this.tree.pools);
  }

  private byLength(): object {
    const wanted = this.below(3) > 0 ? { family: 'ipv4', prefixLength: 24 + this.below(9) } : { family: 'ipv6', prefixLength: 48 + this.below(17) };
    return this.below(4) === 0 ? { ...wanted, placement: this.pick(['first', 'last', 'random', 'sparse', 'best-fit']) } : wanted;
  }

  /** A /28 of the client's own /16 of which it has nothing: nobody else may be in the way. What was made smaller begins where it did. */
  private ownPrefix(): string {
    for (;;) {
      const at = this.below(4096);
      const first = `42.${this.number}.${at >> 4}.${(at & 15) << 4}`;
      if (!this.mine.some((one) => one.prefix.startsWith(`${first}/`))) return `${first}/28`;
    }
  }

  private ask(method: string, path: string, body?: unknown): Promise<Answered> {
    this.asked += 1;
    const key = method === 'POST' ? `${this.tree.root} client ${this.number} request ${this.asked}` : undefined;
    return this.processes.ask(this.below(2), method, path, body, key);
  }

  private async done(status: number, method: string, path: string, body?: unknown): Promise<ApiAnswer['body']> {
    const { answer, repeated } = await this.ask(method, path, body);
    // Gone is gone: asked again, a thing may have been deleted by the time before.
    if (repeated && method === 'DELETE' && answer.status === 404) return undefined;
    expect(answer.status, `${method} ${path} ${JSON.stringify(body)}: ${JSON.stringify(answer.body)}`).toBe(status);
    return answer.body;
  }

  private has(...allocations: readonly Had[]): void {
    for (const { id, prefix } of allocations) {
      this.mine.push({ id, prefix });
      this.witness.gains({ id, prefix });
    }
  }

  private request(poolId: string, wanted: object): object {
    return { poolId, ...wanted, holder: `client-${this.number}`, service: 'internet' };
  }

  private async allocate(poolId: string, wanted: object): Promise<void> {
    this.has(await this.done(201, 'POST', '/v1/allocations', this.request(poolId, wanted)));
  }

  /** Takes one of its own away from it. */
  private leave(): Had | undefined {
    const [one] = this.mine.splice(this.below(this.mine.length), 1);
    if (one !== undefined) this.witness.lets(one.id);
    return one;
  }

  private async release(): Promise<void> {
    const one = this.leave();
    if (one !== undefined) await this.done(200, 'DELETE', `/v1/allocations/${one.id}`);
  }

  /** Kept for a while, then taken; or let go of. */
  private async hold(): Promise<void> {
    const hold = await this.done(201, 'POST', '/v1/holds', { poolId: this.poolForAll(), ...this.byLength(), holder: `client-${this.number}`, seconds: 600 });
    if (this.below(3) === 0) return void (await this.done(204, 'DELETE', `/v1/holds/${hold.id}`));
    const taken = await this.done(201, 'POST', '/v1/allocations', { holdId: hold.id, holder: `client-${this.number}`, service: 'internet' });
    expect([taken.id, taken.prefix]).toEqual([hold.id, hold.prefix]);
    this.has(taken);
  }

  private async change(): Promise<void> {
    const one = this.pick(this.mine);
    if (one === undefined) return;
    const labels = { turn: String(this.asked) };
    expect((await this.done(200, 'PATCH', `/v1/allocations/${one.id}`, { labels })).labels).toEqual(labels);
  }

  private async drain(): Promise<void> {
    const one = this.pick(this.mine);
    if (one === undefined) return;
    expect((await this.done(200, 'POST', `/v1/allocations/${one.id}/drain`)).state).toBe('drained');
    if (this.below(2) === 0) expect((await this.done(200, 'POST', `/v1/allocations/${one.id}/activate`)).state).toBe('active');
  }

  /** From two pools at once, in an order of its own: who took turns in the order asked for would stand in others' way. */
  private async allocateSet(): Promise<void> {
    const items = Array.from({ length: 2 }, () => ({ count: 1 + this.below(2), request: this.request(this.poolForAll(), this.byLength()) }));
    const { items: allocations } = await this.done(201, 'POST', '/v1/allocation-sets', { items });
    expect(allocations).toHaveLength(items.reduce((sum, { count }) => sum + count, 0));
    this.has(...allocations);
  }

  /** Some go and as many come, in one breath. */
  private async batch(): Promise<void> {
    const leaving = Array.from({ length: this.below(3) }, () => this.leave()).filter((one) => one !== undefined);
    const items = [
      ...leaving.map(({ id }) => ({ operation: 'releaseAllocation', path: { allocationId: id } })),
      ...Array.from({ length: 1 + this.below(3) }, () => ({ operation: 'allocatePrefix', body: this.request(this.poolForAll(), this.byLength()) })),
    ];
    const { results } = await this.done(200, 'POST', '/v1/batches', { mode: this.pick(['atomic', 'bestEffort']), items });
    for (const [at, { status, body, problem }] of results.entries()) {
      expect(problem, `${JSON.stringify(items[at])} in a batch`).toBeUndefined();
      if (status === 201) this.has(body);
    }
  }

  private async carve(): Promise<void> {
    const carve = [{ family: 'ipv4', prefixLength: 20 + this.below(5) }];
    const pool = await this.done(201, 'POST', '/v1/pools', { parentId: this.tree.root, name: `client ${this.number} pool ${this.asked}`, carve });
    this.myPools.push(pool.id);
  }

  /** What is done in a pool of its own leaves it empty, so that it can be deleted. */
  private async allocateInOwnPool(use: (one: Had, poolId: string) => Promise<void> = async () => undefined): Promise<void> {
    const poolId = this.myPools.at(-1);
    if (poolId === undefined) return;
    await this.useAndRelease(await this.done(201, 'POST', '/v1/allocations', this.request(poolId, { prefixLength: 28 })), (one) => use(one, poolId));
  }

  private async useAndRelease(one: Had, use: (one: Had) => Promise<void>): Promise<void> {
    this.witness.gains(one);
    await use(one);
    this.witness.lets(one.id);
    await this.done(200, 'DELETE', `/v1/allocations/${one.id}`);
  }

  /** To the parent that all clients carve from, or to a sibling; and back, so that no pool comes to its end. */
  private move(): Promise<void> {
    return this.allocateInOwnPool(async ({ id, prefix }, from) => {
      const to = this.pick([this.tree.root, ...this.myPools.filter((poolId) => poolId !== from)]);
      for (const poolId of [to, from]) expect(await this.done(200, 'POST', `/v1/allocations/${id}/move`, { poolId })).toMatchObject({ poolId, prefix });
    });
  }

  /** There is one for all clients: whoever has it does something else meanwhile, and the others wait. */
  private async waitForSpace(): Promise<void> {
    const body = { ...this.request(this.tree.scarce, { family: 'ipv4', prefixLength: 30 }), wait: { seconds: 3600, priority: this.below(10) } };
    const { answer } = await this.ask('POST', '/v1/allocations', body);
    expect([201, 202], JSON.stringify(answer.body)).toContain(answer.status);
    const one = answer.status === 201 ? answer.body : await this.served(answer.body.id);
    await this.useAndRelease(one, () => this.allocate(this.poolForAll(), this.byLength()));
  }

  private async served(waitingId: string): Promise<Had> {
    for (;;) {
      const { state, reason, allocationId } = await this.done(200, 'GET', `/v1/waiting-requests/${waitingId}`);
      if (state === 'served') return this.done(200, 'GET', `/v1/allocations/${allocationId}`);
      expect(state, reason).toBe('waiting');
      await sleep(20);
    }
  }

  private async relabelPool(): Promise<void> {
    await this.done(200, 'PATCH', `/v1/pools/${this.pick([...this.tree.pools, ...this.myPools])}`, { labels: { by: String(this.number) } });
  }

  /** What it gives up may be anybody's as soon as it asks. */
  private async shrink(): Promise<void> {
    const one = this.leave();
    if (one === undefined) return;
    const length = Number(one.prefix.split('/')[1]) + 1;
    if (length > (one.prefix.includes(':') ? 64 : 32)) return this.has(one);
    this.has((await this.done(200, 'POST', `/v1/allocations/${one.id}/resize`, { prefixLength: length })).allocation);
  }

  private async splitPool(): Promise<void> {
    const poolId = this.myPools.at(-1);
    if (poolId === undefined) return;
    const { prefixes } = await this.done(200, 'GET', `/v1/pools/${poolId}`);
    // The largest in halves, as long as a /28 is to be had from each.
    const length = 1 + Math.min(...prefixes.map((prefix: string) => Number(prefix.split('/')[1])));
    if (length > 26) return;
    const { created } = await this.done(200, 'POST', `/v1/pools/${poolId}/split`, { prefixLength: length });
    this.myPools.push(...created.map((pool: { id: string }) => pool.id));
  }

  private async mergePools(): Promise<void> {
    const [poolId, ...others] = this.myPools;
    if (poolId === undefined || others.length === 0) return;
    await this.done(200, 'POST', `/v1/pools/${poolId}/merge`, { poolIds: others });
    this.myPools.splice(1);
  }

  private async dropPool(): Promise<void> {
    const poolId = this.myPools.shift();
    if (poolId !== undefined) await this.done(204, 'DELETE', `/v1/pools/${poolId}`);
  }
}
