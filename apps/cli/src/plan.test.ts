import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { syncCommand } from './commands/sync.ts';
import { layersOf } from './configuration/layers.ts';
import { readEnvironment } from './environment.ts';
import { examples, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const request = join(examples, 'sync-request.json');
const storage = `file:${join(examples, 'buckets')}`;

async function examplesHome() {
  const home = await temporaryDirectory();
  const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
  return { environment, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

async function exampleLines(): Promise<string[]> {
  const items: object[] = JSON.parse(await readFile(request, 'utf8')).sync;
  return items.map((item) => JSON.stringify(item));
}

describe('plan', () => {
  test('shows what a sync of the examples would do and cost, and changes nothing', async () => {
    await using home = await examplesHome();
    const first = await runInProcess(['plan', request], home);
    expect(first.code).toBe(3);
    expect(first.output).toMatch(/^BACKUP +CLASS +LEVEL NOW +CEILING +RESULT OF A SYNC$/m);
    expect(first.output).toMatch(/database-disk-full +new +inventory +replay +would be recorded unless/);
    expect(first.output).toMatch(
      /web-server +new +presence +presence +would be recorded, and cannot be proved beyond presence$/m,
    );
    expect(first.output).toMatch(
      /mail-disk-full +broken +metadata +replay +object_missing: would fail, and be recorded/,
    );
    expect(first.output).toContain('What to do: Restore the object');
    // Anything that looks missing is listed once more before it is reported.
    expect(first.output).toMatch(
      /5 backups: 4 new, 1 broken\. A sync makes 4 LIST and 7 GET requests, reads .* and takes (about|less than) [\d.]+ s\.\n$/,
    );
    const listed = await runInProcess(['backups', 'list'], home);
    expect(listed).toMatchObject({ code: 1, messages: expect.stringContaining('There is no catalogue') });

    const synced = await runInProcess(['sync', request, '--json'], home);
    const logs: { backup_sync: { requests: { lists: number; gets: number } } }[] = JSON.parse(
      synced.output,
    ).operation_logs;
    const spent = logs.map((log) => log.backup_sync.requests);
    expect(spent.reduce((sum, { lists }) => sum + lists, 0)).toBe(4);
    expect(spent.reduce((sum, { gets }) => sum + gets, 0)).toBe(7);
    const second = await runInProcess(['plan', request], home);
    expect(second.output).toContain('5 backups: 4 same, 1 broken. A sync makes 3 LIST and 0 GET requests, reads 0 B');
  });

  test('fits into 80 columns, with the ceilings', async () => {
    await using home = await examplesHome();
    const { output } = await runInProcess(['plan', request], { ...home, columns: 80 });
    const table = output.split('\n\n')[0]?.split('\n') ?? [];
    expect(table[0]).toMatch(/CEILING +RESULT OF A SYNC$/);
    expect(table.filter((line) => line.length > 80)).toEqual([]);
  });

  test('accepts NDJSON of any length from standard input, and adds up the calls', async () => {
    await using home = await examplesHome();
    const [line = ''] = await exampleLines();
    const lines = Array.from({ length: 60 }, (_, index) =>
      JSON.stringify({ ...JSON.parse(line), backup_id: `backup-${index}`, image_path: `nothing/at/${index}` }),
    );
    const planned = await runInProcess(['plan', '-', '--json'], { ...home, input: [...lines, line].join('\n') });
    expect(planned.code).toBe(3);
    const answer = JSON.parse(planned.output);
    expect(answer.plan).toHaveLength(61);
    expect(answer.plan[60]).toMatchObject({ class: 'new', level: 'inventory', reason: null });
    expect(answer.plan[0]).toMatchObject({ class: 'absent', reason: { code: 'path_not_found' } });
    expect(answer.requests).toMatchObject({ lists: 61, gets: 1 });
    expect(answer.forecast).toMatchObject({ lists: 61, gets: 2, seconds: expect.any(Number) });
  });

  test('exits 0 if every backup would succeed', async () => {
    await using home = await examplesHome();
    const [line = ''] = await exampleLines();
    const planned = await runInProcess(['plan', '-'], { ...home, input: line });
    expect(planned).toMatchObject({ code: 0, messages: '' });
  });
});

describe('plan --bucket', () => {
  test('shows what a scan that imports would do, and after it which backups have vanished', async () => {
    await using home = await temporaryDirectory();
    const buckets = join(home.path, 'buckets');
    await cp(join(examples, 'buckets'), buckets, { recursive: true, preserveTimestamps: true });
    const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: `file:${buckets}` };
    const first = await runInProcess(['plan', '--bucket', 'volumebackups'], { environment });
    expect(first.code).toBe(3);
    expect(first.output).not.toContain('CEILING');
    expect(first.output).toMatch(/database-disk-day-2 +new +inventory +would be recorded unless/);
    expect(first.output).toMatch(/mail-disk-full +broken +metadata +object_missing: would fail, and be recorded/);
    expect(first.output).toMatch(/4 backups: 3 new, 1 broken\. A sync makes \d+ LIST and \d+ GET requests, .* s\.\n$/);

    expect((await runInProcess(['scan', 'volumebackups', '--sync'], { environment })).code).toBe(3);
    const volume = 'volume_fce0b9df-75b4-4611-8f84-82b3da12f14c';
    await rm(join(buckets, 'volumebackups', volume), { recursive: true });
    const gone = await runInProcess(['plan', '--bucket', `volumebackups/${volume}`, '--json'], { environment });
    expect(gone.code).toBe(3);
    const answer = JSON.parse(gone.output);
    expect(answer.plan.map((item: { class: string }) => item.class)).toEqual(['vanished', 'vanished', 'vanished']);
    expect(answer).toMatchObject({ forecast: { lists: 1, gets: 0 }, requests: { lists: 1 } });
  });

  test.each([
    [['plan'], 'no file is given'],
    [['plan', 'list.json', '--bucket', 'volumebackups'], 'and --bucket are given: leave one out'],
    [['plan', '-', '--path-template', '{backup_id}'], '--path-template needs --bucket'],
  ])('%j is refused', async (args, message) => {
    const refused = await runInProcess(args);
    expect(refused).toMatchObject({ code: 1, output: '' });
    expect(refused.messages).toContain(message);
  });

  test('of a missing bucket exits 1 with the reason and what to do', async () => {
    await using home = await examplesHome();
    const ended = await runInProcess(['plan', '--bucket', 'nowhere'], home);
    expect(ended).toMatchObject({ code: 1, output: '' });
    expect(ended.messages).toContain('not complete: the bucket does not exist');
  });
});

describe('sync --plan-first', () => {
  test('without a terminal needs --yes, and then syncs', async () => {
    await using home = await examplesHome();
    const refused = await runInProcess(['sync', request, '--plan-first'], home);
    expect(refused).toMatchObject({ code: 1, output: '' });
    expect(refused.messages).toContain('add --yes to skip the question');
    const answered = await runInProcess(['sync', request, '--yes'], home);
    expect(answered).toMatchObject({ code: 1, output: '' });

    const done = await runInProcess(['sync', request, '--plan-first', '--yes', '--json'], home);
    expect(done.code).toBe(3);
    const { plan, operation_logs: logs } = JSON.parse(done.output);
    expect(plan.plan).toHaveLength(5);
    expect(logs).toHaveLength(5);
  });

  test.each([
    ['yes', 3, 1],
    ['y', 1, 0],
  ] as const)('on a terminal shows the plan, asks, and takes "%s" for what it is', async (answer, code, recorded) => {
    await using home = await examplesHome();
    const screen = Object.assign(new PassThrough(), { isTTY: true }) as unknown as NodeJS.WriteStream;
    const keyboard = Object.assign(new PassThrough(), { isTTY: true }) as unknown as NodeJS.ReadStream & PassThrough;
    let shown = '';
    (screen as unknown as PassThrough).on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      if (shown.endsWith('Type yes to continue: ')) keyboard.write(`${answer}\n`);
    });
    const context = {
      terminal: { output: screen, messages: screen, json: false },
      environment: readEnvironment(home.environment),
      layers: layersOf(home.environment, null),
      input: keyboard,
      connect: {},
      signal: new AbortController().signal,
      onHangUp: () => expect.unreachable('only a server listens for it'),
      version: '0.0.0',
      onFault: (_: string, error: unknown) => {
        throw error;
      },
    };
    const options = { dryRun: false, planFirst: true, yes: false, withAncestors: false, ndjson: false };
    expect(await syncCommand(context, request, options)).toBe(code);
    expect(shown).toContain('5 backups: 4 new, 1 broken.');
    expect(shown.includes('nothing was synced')).toBe(recorded === 0);
    const listed = JSON.parse((await runInProcess(['backups', 'list', '--json', '--limit', '1'], home)).output);
    expect(listed.backups).toHaveLength(recorded);
  });
});

test('sync --with-ancestors records the ancestors of a backup too', async () => {
  await using home = await examplesHome();
  const leaf = (await exampleLines())[2] ?? '';
  const synced = await runInProcess(['sync', '-', '--with-ancestors'], { ...home, input: leaf });
  expect(synced.code).toBe(0);
  const listed = JSON.parse(
    (await runInProcess(['backups', 'list', '--json', '--sort', 'protected_at:asc'], home)).output,
  );
  expect(listed.backups.map(({ name }: { name: string }) => name)).toHaveLength(3);
  expect(
    new Set(listed.backups.map(({ backup_sync }: { backup_sync: { level: string } }) => backup_sync.level)),
  ).toEqual(new Set(['linkage']));
});
