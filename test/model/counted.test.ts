import { expect, test } from 'vitest';
import { counted } from '../../src/model/counted.js';

test('one is one, and everything else is many, nothing too', () => {
  expect([0, 1, 2, 1n, 10n ** 20n, '1', '11'].map((count) => counted(count, 'free block'))).toEqual(['0 free blocks', '1 free block', '2 free blocks', '1 free block', '100000000000000000000 free blocks', '1 free block', '11 free blocks']);
  expect([1, 2].map((count) => counted(count, 'address is', 'addresses are'))).toEqual(['1 address is', '2 addresses are']);
});
