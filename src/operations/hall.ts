/**
 * Where both doors bring what is asked: one transaction per promise, its audit and its idempotency key inside it. Requests
 * that can share a transaction do, each with its own result or its own refusal. Knows no operation by name.
 */
import { controllerActor } from '../model/audit.js';
import { CasmError } from '../model/errors.js';
import { insertAudit, type NewAuditEntry } from '../storage/audit.js';
import type { SecretBox } from '../storage/secret-box.js';
import { later, type Tx } from '../storage/sql.js';
import type { Transactions } from '../storage/transactions.js';
import { Answers } from './answers.js';
import type { Call, Kept, Operation, Question, Together, Work } from './work.js';

export interface Ask<Input> {
  readonly call: Call;
  readonly input: Input;
}

export class Hall {
  private readonly answers: Answers;

  constructor(
    private readonly transactions: Transactions,
    private readonly box: SecretBox,
    private readonly now: () => Date,
    private readonly newId: () => string,
  ) {
    this.answers = new Answers(box);
  }

  /** @throws CasmError whatever the operation refuses, and `idempotency-key-reused`; nothing is changed then. */
  async write<Input, Output>(call: Call, operation: Operation<Input, Output>, input: Input): Promise<Kept<Output>> {
    if (call.dryRun === true) return this.rehearse(call, operation, input);
    const [kept] = await this.writeTogether([{ call, input }], async (asked) => Promise.all(asked.map((one) => operation(one.work, one.input))));
    if (kept === undefined || kept instanceof CasmError) throw kept ?? new Error('a write gave nothing');
    return kept;
  }

  /**
   * Keeps several promises in one transaction. What the operation throws undoes all of them; what it returns as a CasmError
   * refuses that one alone. No two of the asks may carry the same idempotency key. A turn they all need is taken on the way.
   */
  writeTogether<Input, Output, Turn = undefined>(
    asks: readonly Ask<Input>[],
    operation: (asked: Parameters<Together<Input, Output>>[0], turn: Promise<Turn> | undefined) => ReturnType<Together<Input, Output>>,
    takeTurn?: (tx: Tx) => Promise<Turn>,
  ): Promise<(Kept<Output> | CasmError)[]> {
    return this.transactions.write(async (tx) => {
      const claimed = this.answers.claim<Output>(tx, asks.map((ask) => ask.call));
      const turn = takeTurn?.(tx);
      turn?.catch(() => undefined);
      const earlier = await claimed;
      const entries: NewAuditEntry[] = [];
      const fresh = asks.flatMap((ask, at) => (earlier[at] === undefined ? [{ at, input: ask.input, call: ask.call, work: this.workOf(tx, ask.call, entries) }] : []));
      const results = fresh.length === 0 ? [] : await operation(fresh, turn);
      later(tx, insertAudit(tx, entries));
      this.answers.store(tx, fresh.map(({ call }, at) => ({ call, result: results[at] })));
      const outcomes: (Kept<Output> | CasmError | undefined)[] = [...earlier];
      fresh.forEach(({ at }, index) => {
        const result = results[index];
        outcomes[at] = result instanceof CasmError ? result : { result: result as Output, replayed: false };
      });
      return outcomes.filter((outcome) => outcome !== undefined);
    });
  }

  /** Does it, keeps the answer and undoes everything else. */
  private async rehearse<Input, Output>(call: Call, operation: Operation<Input, Output>, input: Input): Promise<Kept<Output>> {
    const result = await this.transactions.rehearse((tx) => operation(this.workOf(tx, call, []), input));
    return { result, replayed: false };
  }

  /** The controller's own doing, under a request id of its own. */
  async act<Input, Output>(name: string, operation: Operation<Input, Output>, input: Input): Promise<Output> {
    const { result } = await this.write({ operation: name, actor: controllerActor, requestId: this.newId() }, operation, input);
    return result;
  }

  read<Input, Output>(question: Question<Input, Output>, input: Input): Promise<Output> {
    return this.transactions.snapshot((tx) => question(tx, input));
  }

  /** A question of a single statement. */
  glance<Input, Output>(question: Question<Input, Output>, input: Input): Promise<Output> {
    return this.transactions.glance((tx) => question(tx, input));
  }

  private workOf(tx: Tx, call: Call, entries: NewAuditEntry[]): Work {
    const { actor, requestId, operation } = call;
    return {
      tx,
      actor,
      requestId,
      now: this.now(),
      box: this.box,
      newId: this.newId,
      audit: (entry) => entries.push({ actor, requestId, operation, ...entry }),
    };
  }
}
