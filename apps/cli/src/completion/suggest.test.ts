import { describe, expect, test } from 'vitest';
import { createProgram } from '../program.ts';
import { addCompletion } from './completion.ts';

/** The suggestions for the last word of a line. */
async function completed(...words: string[]): Promise<{ kind: string; values: string[]; asked: unknown }> {
  let output = '';
  let asked: unknown = null;
  const program = createProgram(
    '0.0.0',
    () => expect.fail('no command is called'),
    () => {},
  );
  addCompletion(
    program,
    (text) => {
      output += text;
    },
    async (placeholder, options) => {
      asked = { placeholder, options };
      return [
        { value: 'nightly', description: 'a/b' },
        { value: 'monthly', description: 'c\u001b[31m' },
      ];
    },
  );
  await program.parseAsync(['complete', '--', ...words], { from: 'user' });
  const [first = '', ...lines] = output.replace(/\n$/, '').split('\n');
  return { kind: first, values: lines.map((line) => line.split('\t')[0] ?? ''), asked };
}

describe('completion', () => {
  test.each([
    [[''], ['sync', 'plan', 'backups', 'completion']],
    [
      ['backups', ''],
      ['list', 'show', 'delete'],
    ],
    [['--json', '--data-dir', 'backups', 'sou'], ['sources']],
    [
      ['backups', 'list', '--sta'],
      ['--status', '--start-time'],
    ],
    [['backups', '--da'], ['--data-dir']],
    [['sources', 'add', 'b', '--level', 'li'], ['linkage']],
    [['sources', 'add', 'b', '--level=re'], ['--level=replay']],
    [
      ['roles', 'grant', 'ada', ''],
      ['reader', 'operator', 'administrator'],
    ],
    [['operations', 'list', '--kind', 'import,sc'], ['import,scan']],
    [
      ['backups', 'list', '--incremental', ''],
      ['true', 'false'],
    ],
    [['audit', 'list', '--operation', 'syncB'], ['syncBackups']],
    [
      ['backups', 'list', '--storage', ''],
      ['file:', 's3:'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
  ])('of %j offers %j', async (words, values) => {
    expect((await completed(...words)).values).toEqual(expect.arrayContaining(values));
  });

  test.each([
    [['sync', ''], 'files\t'],
    [['extract', 'an-id', '--output', 'im'], 'files\t'],
    [['serve', '--tls-key=k'], 'files\t--tls-key='],
    [['--data-dir', 'd'], 'directories\t'],
    [['sync', '--storage', 'file:exa'], 'directories\tfile:'],
    [['sync', '--storage=file:exa'], 'directories\t--storage=file:'],
    [['manifest', 'create', ''], 'directories\t'],
  ])('of %j leaves paths to the shell', async (words, kind) => {
    expect(await completed(...words)).toEqual({ kind, values: [], asked: null });
  });

  test('looks up names in the catalogue of the other options, and removes control characters', async () => {
    const shown = await completed('--endpoint', 'https://b.example', 'sources', 'show', '--project=p', '');
    expect(shown.values).toEqual(['nightly', 'monthly']);
    expect(shown.asked).toEqual({ placeholder: 'source', options: { endpoint: 'https://b.example', project: 'p' } });
    expect((await completed('check', '--source', 'n')).values).toEqual(['nightly']);
    expect((await completed('backups', 'list', '--profile', '')).asked).toMatchObject({ placeholder: 'profile' });
    expect((await completed('verify', 'one', '')).asked).toMatchObject({ placeholder: 'backup' });
  });

  test('offers nothing if nothing can follow, and no command after a command', async () => {
    expect((await completed('backups', 'list', 'ex')).values).toEqual([]);
    expect((await completed('sync', 'file', '')).values).toEqual([]);
    expect((await completed('')).values).not.toContain('complete');
  });
});
