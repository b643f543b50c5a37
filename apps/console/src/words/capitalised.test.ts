import { expect, test } from 'vitest';
import { capitalised } from './capitalised.ts';

test.each([
  ['the bucket does not exist', 'The bucket does not exist'],
  ['listUsers needs the role administrator', 'listUsers needs the role administrator'],
  ['', ''],
])('"%s" begins a line as "%s"', (message, shown) => {
  expect(capitalised(message)).toBe(shown);
});
