/**
 * Where both doors bring what is asked: one transaction per promise, its audit and its idempotency key inside it.
 * Knows no operation by name.
 */
import { CasmError } from '../model/errors.js';
import { type Actor, controllerActor } from '../model/audit.js';
import { insertAudit, type NewAuditEntry } from '../storage/audit.js';
import { claimKey, storeAnswer } from '../storage/idempotency-keys.js';
import type { SecretBox } from '../storage/secret-box.js';
import type { Tx } from '../storage/sql.js';
import type { Transactions } from '../storage/transactions.js';
import type { Call, Kept, Operation, Question, Work } from './work.js';

export class Hall {
  constructor(
    private readonly transactions: Transactions,
    private readonly box: SecretBox,
    private readonly now: () => Date,
    private readonly newId: () => string,
  ) {}

  /** @throws CasmError whatever the operation refuses, and `idempotency-key-reused`; nothing is changed then. */
  write<Input, Output>(call: Call, operation: Operation<Input, Output>, input: Input): Promise<Kept<Output>> {
    return this.transactions.write(async (tx) => {
      const stored = await this.claim<Output>(tx, call);
      if (stored !== undefined) return stored;
      const entries: NewAuditEntry[] = [];
      const work: Work = {
        tx,
        actor: call.actor,
        now: this.now(),
        box: this.box,
        newId: this.newId,
        audit: (entry) => entries.push({ ...entry, actor: call.actor, requestId: call.requestId, operation: call.operation }),
      };
      const result = await operation(work, input);
      await insertAudit(tx, entries);
      await this.store(tx, call, result);
      return { result, replayed: false };
    });
  }

  /** The controller's own doing, under a request id of its own. */
  async act<Input, Output>(name: string, operation: Operation<Input, Output>, input: Input, actor: Actor = controllerActor): Promise<Output> {
    const { result } = await this.write({ operation: name, actor, requestId: this.newId() }, operation, input);
    return result;
  }

  read<Input, Output>(question: Question<Input, Output>, input: Input): Promise<Output> {
    return this.transactions.snapshot((tx) => question(tx, input));
  }

  /** A question of a single statement. */
  glance<Input, Output>(question: Question<Input, Output>, input: Input): Promise<Output> {
    return this.transactions.glance((tx) => question(tx, input));
  }

  private async claim<Output>(tx: Tx, call: Call): Promise<Kept<Output> | undefined> {
    const { idempotency, actor } = call;
    if (idempotency === undefined || actor.tokenId === null) return undefined;
    const stored = await claimKey(tx, actor.tokenId, idempotency.key, idempotency.requestHash);
    if (stored === undefined) return undefined;
    if (!stored.requestHash.equals(idempotency.requestHash)) {
      throw new CasmError('idempotency-key-reused', 'the Idempotency-Key was used for another request: use a new key for a new request');
    }
    return { result: JSON.parse(this.box.open(stored.sealed, seal(actor.tokenId, idempotency.key))) as Output, replayed: true };
  }

  private async store(tx: Tx, call: Call, result: unknown): Promise<void> {
    const { idempotency, actor } = call;
    if (idempotency === undefined || actor.tokenId === null) return;
    await storeAnswer(tx, actor.tokenId, idempotency.key, this.box.seal(JSON.stringify(result), seal(actor.tokenId, idempotency.key)));
  }
}

function seal(caller: string, key: string): string {
  return `idempotency:${caller}:${key}`;
}
