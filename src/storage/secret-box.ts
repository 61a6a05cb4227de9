/** Seals what must be read back but never lie open in the database: AES-256-GCM under the controller's key. */
import { createCipheriv, createDecipheriv, createSecretKey, randomFillSync, type KeyObject } from 'node:crypto';

const nonceBytes = 12;

export class SecretBox {
  private readonly key: KeyObject;
  /** Randomness for nonces to come: drawn one by one it costs as much as the sealing. */
  private readonly nonces = Buffer.alloc(nonceBytes * 256);
  private unused = 0;

  constructor(key: Buffer) {
    this.key = createSecretKey(key);
  }

  /** @param purpose bound into the seal, so that one row's secret cannot be moved to another. */
  seal(text: string, purpose: string): Buffer {
    const nonce = this.nonce();
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce).setAAD(Buffer.from(purpose));
    return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws Error when the key, the purpose or a single bit differs. */
  open(sealed: Buffer, purpose: string): string {
    const decipher = createDecipheriv('aes-256-gcm', this.key, sealed.subarray(0, nonceBytes), { authTagLength: 16 }).setAAD(Buffer.from(purpose));
    decipher.setAuthTag(sealed.subarray(-16));
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -16)), decipher.final()]).toString('utf8');
  }

  /** Never the same twice. */
  private nonce(): Buffer {
    if (this.unused === 0) this.unused = randomFillSync(this.nonces).length;
    this.unused -= nonceBytes;
    return this.nonces.subarray(this.unused, this.unused + nonceBytes);
  }
}
