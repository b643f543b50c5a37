import { expect, test } from 'vitest';
import { extractCommand } from './extract-command.ts';

test('a usual id is readable', () => {
  expect(extractCommand('71389e6e-8c54-4514-b040-6c5d357b2d4c')).toBe(
    'backup-sync extract 71389e6e-8c54-4514-b040-6c5d357b2d4c --output image.raw',
  );
});

test.each([
  ["it's", String.raw`'it'\''s'`],
  ['$(touch owned)', "'$(touch owned)'"],
  ['`id`; rm *', "'`id`; rm *'"],
  ['"a" \\ b', String.raw`'"a" \ b'`],
  ['~root', "'~root'"],
  ['!history', "'!history'"],
  ['überall 備份 🗄', "'überall 備份 🗄'"],
  ['a\nb', String.raw`$'a\012b'`],
  ["\u001b]0;'\\\u0007", String.raw`$'\033]0;\'\\\007'`],
  ['right\u202Eleft', String.raw`$'right\342\200\256left'`],
])('a shell takes the id %j as one word', (id, word) => {
  expect(extractCommand(id)).toBe(`backup-sync extract ${word} --output image.raw`);
});

test.each(['-rf', '--output'])('the id %s is no option', (id) => {
  expect(extractCommand(id)).toBe(`backup-sync extract --output image.raw -- ${id}`);
});
