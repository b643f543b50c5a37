import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { examples, startServer, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

async function openHome() {
  const home = await temporaryDirectory();
  const [dataDirectory, buckets] = [join(home.path, 'data'), join(home.path, 'buckets')];
  await cp(join(examples, 'buckets'), buckets, { recursive: true });
  const doctor = async (storage: string, ...args: string[]) => {
    const ended = await runInProcess(['doctor', '--json', '--data-dir', dataDirectory, '--storage', storage, ...args]);
    return { code: ended.code, ...JSON.parse(ended.output) };
  };
  return { ...home, dataDirectory, buckets, doctor, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

test('doctor reports a storage unit that the records do not belong to, as other commands do', async () => {
  await using home = await openHome();
  const { dataDirectory, buckets, doctor } = home;
  const scan = (directory: string) =>
    runInProcess(['scan', 'volumebackups', '--json', '--data-dir', dataDirectory, '--storage', `file:${directory}`]);
  expect((await scan(buckets)).code).toBe(0);
  expect(await doctor(`file:${buckets}`, 'volumebackups')).toMatchObject({ code: 0, missing: [] });
  const other = join(home.path, 'other');
  await cp(buckets, other, { recursive: true });
  const { message } = JSON.parse((await scan(other)).messages).error;
  expect(message).toContain(`belong to the storage unit file:${buckets}, not to file:${other}`);
  expect(await doctor(`file:${other}`, 'volumebackups')).toMatchObject({ code: 1, missing: [message] });
  expect(await doctor(`file:${other}`, 'volumebackups', '--storage-moved')).toMatchObject({ code: 0, missing: [] });
  // Only the command that uses the new place remembers it.
  expect((await scan(buckets)).code).toBe(0);
});

test('doctor without names tries the buckets of a directory in the order of their names', async () => {
  await using home = await openHome();
  const names = ['b', 'd', 'a', 'e', 'c'];
  for (const name of names) await mkdir(join(home.path, 'sorted', name), { recursive: true });
  const { buckets } = await home.doctor(`file:${join(home.path, 'sorted')}`);
  expect(buckets.map(({ bucket_name }: { bucket_name: string }) => bucket_name)).toEqual(names.toSorted());
});

test('a missing storage directory has a number and a remedy, in doctor and in other commands', async () => {
  await using home = await openHome();
  const missing = join(home.path, 'nowhere');
  const why = `the directory "${missing}" does not exist; check that it is mounted`;
  const told = `the storage unit could not be reached: ${why} (BackupSync.2004)`;
  for (const names of [[], ['volumebackups']]) {
    const checked = await home.doctor(`file:${missing}`, ...names);
    expect(checked).toMatchObject({ code: 1, missing: [expect.stringContaining(`${told}. Check `)] });
  }
  const scanned = await runInProcess(['scan', 'b', '--data-dir', home.dataDirectory, '--storage', `file:${missing}`]);
  expect(scanned.code).toBe(1);
  expect(scanned.messages.split('\n')).toEqual([`error: ${told}`, expect.stringContaining('--storage'), '']);
});

test('doctor does not say that nothing is missing if the server may not try its storage for the caller', async () => {
  await using home = await openHome();
  await using server = await startServer(home.dataDirectory, `file:${home.buckets}`);
  const { endpoint, projectId } = server;
  const onServer = { BACKUP_SYNC_DATA_DIR: home.dataDirectory, BACKUP_SYNC_STORAGE: `file:${home.buckets}` };
  await runInProcess(['users', 'create', 'ada'], { environment: onServer, input: 'a password of twelve' });
  const lastLineFor = async (role: string) => {
    await runInProcess(['roles', 'grant', 'ada', role, 'default'], { environment: onServer });
    const made = await runInProcess(['access-keys', 'create', 'ada', 'default', '--json'], { environment: onServer });
    const { access_key: key, secret_key: secret } = JSON.parse(made.output);
    const environment = {
      BACKUP_SYNC_ENDPOINT: endpoint,
      BACKUP_SYNC_PROJECT: projectId,
      BACKUP_SYNC_ACCESS_KEY: key.access_key,
      BACKUP_SYNC_SECRET_ACCESS_KEY: secret,
    };
    const { code, output } = await runInProcess(['doctor', 'volumebackups'], { environment });
    expect(code).toBe(0);
    return output.trimEnd().split('\n').at(-1);
  };
  expect(await lastLineFor('reader')).toBe(
    "Nothing is missing in what was tried. The server's storage was not tried: this needs the role operator.",
  );
  expect(await lastLineFor('operator')).toBe('Nothing is missing.');
});
