import type { Token } from '../../model/token.js';
import type { Hall } from '../hall.js';
import { authenticate } from './authenticate.js';

interface Waiting {
  readonly secret: string;
  resolve(token: Token | undefined): void;
  reject(error: unknown): void;
}

/**
 * Looks tokens up for all requests that arrive in the same turn of the event loop with one question. Nothing is
 * remembered: a token that has ended is refused by the next request.
 */
export class TokenDesk {
  private waiting: Waiting[] = [];

  constructor(private readonly hall: Hall) {}

  of(secret: string): Promise<Token | undefined> {
    return new Promise((resolve, reject) => {
      if (this.waiting.push({ secret, resolve, reject }) === 1) setImmediate(() => void this.serve());
    });
  }

  private async serve(): Promise<void> {
    const served = this.waiting;
    this.waiting = [];
    const secrets = [...new Set(served.map((one) => one.secret))];
    try {
      const tokens = await this.hall.glance(authenticate, secrets);
      const found = new Map(secrets.map((secret, at) => [secret, tokens[at]]));
      for (const one of served) one.resolve(found.get(one.secret));
    } catch (error) {
      for (const one of served) one.reject(error);
    }
  }
}
