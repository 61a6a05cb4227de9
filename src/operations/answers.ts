/** The answers that retries get: claimed, stored and given up in the transaction of the write itself; sealed, for some hold secrets. */
import { CasmError } from '../model/errors.js';
import { claimKeys, claimName, dropClaims, storeAnswers, type Claim } from '../storage/idempotency-keys.js';
import type { SecretBox } from '../storage/secret-box.js';
import { later, type Tx } from '../storage/sql.js';
import type { Call, Kept } from './work.js';

export class Answers {
  constructor(private readonly box: SecretBox) {}

  /** For each call: the answer it had before, a refusal when its key was used for another request, undefined when it is new. */
  async claim<Output>(tx: Tx, calls: readonly Call[]): Promise<(Kept<Output> | CasmError | undefined)[]> {
    const claims = calls.map(claimOf);
    const stored = await claimKeys(tx, claims.filter((claim) => claim !== undefined));
    return claims.map((claim) => {
      const answer = claim && stored.get(claimName(claim));
      if (claim === undefined || answer === undefined) return undefined;
      if (!answer.requestHash.equals(claim.requestHash)) {
        return new CasmError('idempotency-key-reused', 'the Idempotency-Key was used for another request: use a new key for a new request');
      }
      return { result: JSON.parse(this.box.open(answer.sealed, purpose(claim))) as Output, replayed: true };
    });
  }

  /** Stores results; a refused request gives its key up. */
  store(tx: Tx, outcomes: readonly { call: Call; result: unknown }[]): void {
    const claimed = outcomes.flatMap(({ call, result }) => {
      const claim = claimOf(call);
      return claim === undefined ? [] : [{ claim, result }];
    });
    const [refused, kept] = [claimed.filter((one) => one.result instanceof CasmError), claimed.filter((one) => !(one.result instanceof CasmError))];
    later(tx, dropClaims(tx, refused.map((one) => one.claim)));
    later(tx, storeAnswers(tx, kept.map(({ claim, result }) => ({ ...claim, sealed: this.box.seal(JSON.stringify(result ?? null), purpose(claim)) }))));
  }
}

function claimOf({ idempotency, actor }: Call): Claim | undefined {
  return idempotency === undefined || actor.tokenId === null ? undefined : { caller: actor.tokenId, ...idempotency };
}

function purpose(claim: Claim): string {
  return `idempotency:${claimName(claim)}`;
}
