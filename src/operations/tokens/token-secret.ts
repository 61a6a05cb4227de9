/** The secret of a token: 32 random bytes, so that a plain hash of it is safe to store. */
import { createHash, randomBytes } from 'node:crypto';

export function newTokenSecret(): string {
  return `casm_${randomBytes(32).toString('base64url')}`;
}

export function hashToken(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
