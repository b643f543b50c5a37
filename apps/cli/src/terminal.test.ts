import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { confirm } from './commands/confirm.ts';
import { liveLine } from './progress.ts';
import { note, type Terminal } from './terminal.ts';

const steering = '\u001b]0;title\u0007\u202e';

/** Runs a function on a terminal of 80 columns where somebody types `no`, and returns what was written. */
async function writtenBy(write: (terminal: Terminal, input: NodeJS.ReadStream) => unknown): Promise<string> {
  const screen = new PassThrough();
  const input = Object.assign(new PassThrough(), { isTTY: true });
  input.end('no\n');
  const stream = Object.assign(screen, { isTTY: true, columns: 80, rows: 24 }) as unknown as NodeJS.WriteStream;
  const written = text(screen);
  await write({ output: stream, messages: stream, json: false }, input as unknown as NodeJS.ReadStream);
  screen.end();
  return await written;
}

test('a terminal gets lines that break between words, and a pipe whole lines', async () => {
  const id = '01900000-0000-7000-8000-00000000000a';
  const remedy = `To look, run "backup-sync operations list". To stop it, run "backup-sync operations cancel ${id}".`;
  const shown = await writtenBy((terminal) => note(terminal, `  a-backup:\n  What to do: ${remedy}`));
  expect(shown.split('\n')).toEqual([
    '  a-backup:',
    '  What to do: To look, run "backup-sync operations list". To stop it, run',
    `  "backup-sync operations cancel ${id}".`,
    '',
  ]);
  const pipe = new PassThrough() as unknown as NodeJS.WriteStream;
  note({ output: pipe, messages: pipe, json: false }, remedy);
  pipe.end();
  expect(await text(pipe as unknown as PassThrough)).toBe(`${remedy}\n`);
});

test('the changing line is removed while something else is written to the terminal', async () => {
  const shown = await writtenBy(async (terminal) => {
    const live = liveLine(terminal);
    live.show('scanning: 1 object');
    await live.aside(async () => {
      live.show('scanning: 2 objects');
      note(terminal, 'a-backup: incomplete');
    });
    live.stop();
  });
  const [before = '', after] = shown.split('a-backup: incomplete\n');
  expect(before).toContain('scanning: 1 object');
  // The sequence that erases a line.
  expect(before.slice(before.indexOf('1 object'))).toContain('[2K');
  expect(after).toContain('scanning: 2 objects');
  expect(shown.match(/scanning: 2 objects/g)).toHaveLength(1);
});

test.each(['\u0003', '\u0004'])('%j at a question changes nothing, and ends the line', async (key) => {
  const context = { signal: new AbortController().signal } as Parameters<typeof confirm>[0];
  const shown = await writtenBy(async (terminal) => {
    const input = Object.assign(new PassThrough(), { isTTY: true }) as unknown as NodeJS.ReadStream & PassThrough;
    const asked = confirm({ ...context, terminal, input }, 'Forget it?');
    input.write(key);
    await expect(asked).rejects.toMatchObject({ name: 'InterruptedError', message: 'Nothing was changed.' });
  });
  expect(shown).toMatch(/Type yes to continue: .*\n$/s);
});

test('a wrapped question keeps a space before the answer', async () => {
  const context = { signal: new AbortController().signal } as Parameters<typeof confirm>[0];
  const shown = await writtenBy((terminal, input) => confirm({ ...context, terminal, input }, 'Is it so? '.repeat(9)));
  expect(shown).toMatch(/\n.*Type yes to continue: /);
});

test('control characters in a name do not reach the terminal in a question or a changing line', async () => {
  const context = { signal: new AbortController().signal } as Parameters<typeof confirm>[0];
  const asked = await writtenBy((terminal, input) => confirm({ ...context, terminal, input }, `Forget ${steering}?`));
  expect(asked).toContain('Forget \u{fffd}]0;title\u{fffd}\u{fffd}? Type yes');
  const drawn = await writtenBy((terminal) => liveLine(terminal).show(`verifying ${steering}`));
  expect(drawn).toContain('verifying \u{fffd}]0;title\u{fffd}\u{fffd}');
});
