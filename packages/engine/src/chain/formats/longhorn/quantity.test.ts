import { expect, test } from 'vitest';
import { parseQuantity } from './quantity.ts';

test.each([
  ['2Mi', 2_097_152],
  ['16Mi', 16_777_216],
  ['2097152', 2_097_152],
  ['2e6', 2_000_000],
  ['2M', 2_000_000],
  ['0.5Ki', 512],
  ['0', 0],
  ['', null],
  ['2MiB', null],
  ['-1', null],
  ['0.3', null],
  ['1e40', null],
])('%j is %j bytes', (text, bytes) => {
  expect(parseQuantity(text)).toBe(bytes);
});
