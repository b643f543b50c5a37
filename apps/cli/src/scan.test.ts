import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { examples, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const brokenVolume = 'volume_9b312830-b8bb-4b32-b5d4-34873ff17f0f';
const storage = `file:${join(examples, 'buckets')}`;

describe('a bucket with objects but no recognised backup', () => {
  async function homeWithLogs() {
    const home = await temporaryDirectory();
    await mkdir(join(home.path, 'buckets', 'logs'), { recursive: true });
    await writeFile(join(home.path, 'buckets', 'logs', 'today.txt'), 'text');
    const environment = {
      BACKUP_SYNC_DATA_DIR: join(home.path, 'data'),
      BACKUP_SYNC_STORAGE: `file:${join(home.path, 'buckets')}`,
    };
    return { environment, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
  }

  test.each([
    [['scan', 'logs']],
    [['scan', 'logs', '--sync']],
    [['scan', 'logs', '--json']],
    [['plan', '--bucket', 'logs']],
    [['plan', '--bucket', 'logs', '--json']],
  ])('does not succeed: %j', async (command) => {
    await using home = await homeWithLogs();
    const { code, messages } = await runInProcess(command, home);
    expect(code).toBe(3);
    expect(messages).toContain('logs/ has 1 object');
    expect(messages).toContain('path template');
  });

  test('fails a run of a source in the same way', async () => {
    await using home = await homeWithLogs();
    await runInProcess(['sources', 'add', 'logs', '--name', 'nightly'], home);
    const scanned = await runInProcess(['sources', 'scan', 'nightly'], home);
    expect(scanned.code).toBe(3);
    expect(scanned.messages).toContain('no backup was recognised');
  });
});

describe('scan', () => {
  test('finds the Cinder backups of the examples, as items for sync', async () => {
    await using home = await temporaryDirectory();
    const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
    const scanned = await runInProcess(['scan', 'volumebackups'], { environment });
    expect(scanned.code).toBe(0);
    expect(scanned.messages).toBe('the listing is complete: 18 objects, 4 backups, 0 with a problem\n');
    const names = scanned.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).backup_name);
    expect(names).toEqual(['mail-disk-full', 'database-disk-full', 'database-disk-day-1', 'database-disk-day-2']);
    const synced = await runInProcess(['sync', '-'], { environment, input: scanned.output });
    expect(synced.code).toBe(3);
    expect(synced.output).toMatch(/database-disk-day-2 .* linkage .* created/);
    expect((await runInProcess(['scan', 'volumebackups'], { environment })).output).toBe('');
    const all = await runInProcess(['scan', 'volumebackups/volume_fce', '--json'], { environment });
    const states = all.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).state);
    expect(states).toEqual(['known', 'known', 'known']);
  });

  test('says why each backup cannot be imported, and for each reason what to do', async () => {
    await using home = await temporaryDirectory();
    const buckets = join(home.path, 'buckets');
    await cp(join(examples, 'buckets'), buckets, { recursive: true });
    const files = await readdir(join(buckets, 'volumebackups', brokenVolume), { recursive: true });
    const mark = files.find((file) => file.endsWith('_metadata')) ?? '';
    const markKey = `${brokenVolume}/${mark}`;
    await rm(join(buckets, 'volumebackups', markKey));
    const where = ['--data-dir', join(home.path, 'data'), '--storage', `file:${buckets}`];
    const scanned = await runInProcess(['scan', 'volumebackups', ...where]);
    expect(scanned.code).toBe(3);
    expect(scanned.output.trim().split('\n')).toHaveLength(3);
    const place = `volumebackups/${markKey.slice(0, -'_metadata'.length)}`;
    expect(scanned.messages).toMatch(new RegExp(`^${place}: incomplete, .*${markKey} is not there\\n`));
    expect(scanned.messages).toMatch(/4 backups, 1 with a problem\n1 incomplete \(BackupSync\.\d+\)\n {2}What to do: /);
  });

  test('with --sync imports unknown formats by a template, and its operation is shown', async () => {
    await using home = await temporaryDirectory();
    const where = ['--data-dir', join(home.path, 'data'), '--storage', storage];
    const template = ['--path-template', '{plan_id}/{resource_id}/{backup_id}'];
    const scanned = await runInProcess(['scan', 'vmware-backups', '--sync', ...template, ...where]);
    expect(scanned).toMatchObject({ code: 0, output: '' });
    expect(scanned.messages).toContain('1 of 1 imported');
    const listed = JSON.parse((await runInProcess(['operations', 'list', '--json', ...where])).output);
    expect(listed.operations.map(({ kind }: { kind: string }) => kind)).toEqual(['import', 'scan']);
    const imported = listed.operations[0].id;
    expect((await runInProcess(['operations', 'show', imported, ...where])).output).toMatch(/outcome +created/);
  });

  test.each([
    ['scan', 'volumebackups', '--sync'],
    ['sources', 'scan', 'nightly'],
  ])('does not show the old fault of a backup that is imported again: %j', async (...command) => {
    await using home = await temporaryDirectory();
    const buckets = join(home.path, 'buckets');
    await cp(join(examples, 'buckets'), buckets, { recursive: true });
    const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: `file:${buckets}` };
    await runInProcess(['sources', 'add', 'volumebackups', '--name', 'nightly'], { environment });
    const broken = await runInProcess(command, { environment });
    expect(broken.code).toBe(3);
    expect(broken.messages).toContain('What to do: Restore the object');
    await cp(join(examples, 'second-copy'), buckets, { recursive: true });
    const repaired = await runInProcess(command, { environment });
    expect(repaired.code).toBe(0);
    expect(repaired.messages).toMatch(/^the listing is complete: .*\n1 of 1 imported\n$/);
  });

  test('of a missing bucket exits 1 with the reason', async () => {
    await using home = await temporaryDirectory();
    const ended = await runInProcess(['scan', 'nowhere', '--data-dir', join(home.path, 'data'), '--storage', storage]);
    expect(ended).toMatchObject({ code: 1, output: '' });
    expect(ended.messages).toMatch(/not complete: the bucket does not exist.* \(BackupSync\.2002\)\nCheck .*--storage/);
  });
});
