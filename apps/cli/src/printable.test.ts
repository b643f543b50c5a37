import { expect, test } from 'vitest';
import { printable } from './printable.ts';

test('printed text has no control or format characters, from any Unicode plane', () => {
  expect(printable('a\u001bb\u009bc\u202ed\u200be\u{e0041}f\ng')).toBe(
    'a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e\u{fffd}f\u{fffd}g',
  );
});
