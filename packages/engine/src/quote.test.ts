import { expect, test } from 'vitest';
import { quote } from './quote.ts';

test('a quoted name cannot control a terminal, change the order of the text, or end its quotes', () => {
  expect(quote('a\u001b[2J\u009b31m\u007f')).toBe(String.raw`"a\u001b[2J\u{9b}31m\u{7f}"`);
  expect(quote('nimda\u202e\u2066\u200f')).toBe(String.raw`"nimda\u{202e}\u{2066}\u{200f}"`);
  expect(quote('a", trusted by root "b\n')).toBe(String.raw`"a\", trusted by root \"b\n"`);
});

test('a quoted name is cut after 200 characters', () => {
  expect(quote('a'.repeat(30_000))).toBe(`"${'a'.repeat(200)}…"`);
});
