import type { Token } from '../../model/token.js';
import type { Hall } from '../hall.js';
import { authenticate } from './authenticate.js';

interface Waiting {
  readonly secret: string;
  resolve(token: Token | undefined): void;
  reject(error: unknown): void;
}

/**
 * Looks tokens up with one question at a time, for all requests that have come since the last. Nothing is remembered: a token
 * that has ended is refused by the next request.
 */
export class TokenDesk {
  private waiting: Waiting[] = [];
  private busy = false;

  constructor(private readonly hall: Hall) {}

  of(secret: string): Promise<Token | undefined> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ secret, resolve, reject });
      if (this.busy) return;
      this.busy = true;
      setImmediate(() => void this.serveAll());
    });
  }

  private async serveAll(): Promise<void> {
    while (this.waiting.length > 0) await this.serve(this.waiting.splice(0));
    this.busy = false;
  }

  private async serve(served: readonly Waiting[]): Promise<void> {
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
