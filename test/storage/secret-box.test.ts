import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SecretBox } from '../../src/storage/secret-box.js';

const box = new SecretBox(randomBytes(32));

test('what was sealed opens with its key and its purpose, and with nothing else', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), fc.string(), (text, purpose, other) => {
      const sealed = box.seal(text, purpose);
      expect(box.open(sealed, purpose)).toBe(text);
      expect(() => new SecretBox(randomBytes(32)).open(sealed, purpose)).toThrow();
      if (other !== purpose) expect(() => box.open(sealed, other)).toThrow();
    }),
  );
});

test('a single bit changed anywhere is found', () => {
  const sealed = box.seal('the password of the device', 'device:1');
  for (let bit = 0; bit < sealed.length * 8; bit += 1) {
    const broken = Buffer.from(sealed);
    broken[bit >> 3] = (broken[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(() => box.open(broken, 'device:1'), `bit ${bit}`).toThrow();
  }
});

test.each([0, 1, 11, 12, 15, 16, 27])('%i octets are no seal', (length) => {
  expect(() => box.open(box.seal('', 'p').subarray(0, length), 'p')).toThrow();
});

test('the same text never looks the same twice', () => {
  const seals = new Set(Array.from({ length: 100 }, () => box.seal('text', 'purpose').toString('hex')));
  expect(seals.size).toBe(100);
});
