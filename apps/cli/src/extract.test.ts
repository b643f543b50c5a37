import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { syncBackupsRequest } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { examples, repositoryRoot, run, start, startServer, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const storage = `file:${join(examples, 'buckets')}`;
const full = 'e4928728-f83e-4e23-8101-fafb5225c1e0';

test('extract names the file that it cannot write, says what to do, and leaves no file', async () => {
  await using home = await temporaryDirectory();
  const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
  await runInProcess(['sync', join(examples, 'sync-request.json')], { environment });
  const images = join(home.path, 'images');
  await mkdir(images);
  const intoNowhere = await runInProcess(['extract', full, '--output', join(home.path, 'nowhere', 'image.raw')], {
    environment,
  });
  expect(intoNowhere).toMatchObject({ code: 1, output: '' });
  expect(intoNowhere.messages).toMatch(/cannot create .*image\.raw: its directory does not exist; create it first/);
  const ontoDirectory = await runInProcess(['extract', full, '--output', images, '--replace'], { environment });
  expect(ontoDirectory.code).toBe(1);
  expect(ontoDirectory.messages).toContain('it is a directory; give the name of a file in it');
  await symlink('nowhere', join(images, 'link'));
  const ontoLink = await runInProcess(['extract', full, '--output', join(images, 'link'), '--replace'], {
    environment,
  });
  expect(ontoLink.code).toBe(1);
  expect(ontoLink.messages).toMatch(
    /it is a symbolic link, and only a file is ever replaced; .*"--output - > .*link"/s,
  );
  expect(await readdir(images)).toEqual(['link']);
}, 60_000);

test('extract fails if the reader of its output ends too early, and a list does not', async () => {
  await using home = await temporaryDirectory();
  const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
  await runInProcess(['sync', join(examples, 'sync-request.json')], { environment });
  const withoutReader = async (args: readonly string[]) => {
    const child = start(args, { environment });
    child.stdout.destroy();
    const [messages] = await Promise.all([text(child.stderr), once(child, 'close')]);
    return { code: child.exitCode, messages };
  };
  expect(await withoutReader(['extract', full, '--output', '-'])).toEqual({
    ...{ code: 1, messages: expect.stringContaining('its reader ended too early. Do not use what it has read\n') },
  });
  expect(await withoutReader(['extract', '--help'])).toEqual({ code: 0, messages: '' });
  expect(await withoutReader(['backups', 'list'])).toMatchObject({ code: 0 });
}, 60_000);

test('extract finds an unrecorded link in another bucket', async () => {
  await using home = await temporaryDirectory();
  const buckets = join(home.path, 'buckets');
  await cp(join(examples, 'buckets'), buckets, { recursive: true });
  const request = JSON.parse(await readFile(join(examples, 'sync-request.json'), 'utf8'));
  const { sync } = syncBackupsRequest.parse(request);
  const [fullBackup, , leaf, ofOtherBucket] = sync;
  if (!fullBackup || !leaf || !ofOtherBucket) throw new Error('the examples have a chain of three and another backup');
  // The folder named by the time of the full backup.
  const moment = dirname(fullBackup.image_path);
  await mkdir(dirname(join(buckets, ofOtherBucket.bucket_name, moment)));
  await rename(join(buckets, fullBackup.bucket_name, moment), join(buckets, ofOtherBucket.bucket_name, moment));
  const file = join(home.path, 'request.json');
  await writeFile(file, JSON.stringify({ sync: [ofOtherBucket] }));
  const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: `file:${buckets}` };
  expect((await runInProcess(['sync', file], { environment })).code).toBe(0);
  await writeFile(file, JSON.stringify({ sync: [leaf] }));
  expect((await runInProcess(['sync', file], { environment })).code).toBe(0);
  const image = join(home.path, 'image.raw');
  expect((await runInProcess(['extract', leaf.backup_id, '--output', image], { environment })).code).toBe(0);

  const whole = { BACKUP_SYNC_DATA_DIR: join(home.path, 'whole'), BACKUP_SYNC_STORAGE: storage };
  await runInProcess(['sync', join(examples, 'sync-request.json')], { environment: whole });
  const expected = join(home.path, 'expected.raw');
  await runInProcess(['extract', leaf.backup_id, '--output', expected], { environment: whole });
  expect((await readFile(image)).equals(await readFile(expected))).toBe(true);
}, 60_000);

/** A process in the middle of writing an image, like `extract`. */
async function startWriting(path: string) {
  const fileSink = join(repositoryRoot, 'packages', 'engine', 'src', 'chain', 'replay', 'file-sink.ts');
  const program = `
    import { FileSink } from ${JSON.stringify(fileSink)};
    const sink = await FileSink.open({ path: ${JSON.stringify(path)}, replace: false });
    await sink.write(Buffer.from('in its middle'), 0);
    process.stdout.write('writing');
    // This also keeps the file open.
    setInterval(() => sink.write(Buffer.from('and more'), 0), 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    },
  };
}

test('extract does not touch the file of a running extraction, and replaces the file of a killed one', async () => {
  await using home = await temporaryDirectory();
  const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
  await runInProcess(['sync', join(examples, 'sync-request.json')], { environment });
  const images = join(home.path, 'images');
  await mkdir(images);
  const image = join(images, 'image.raw');
  const extract = () => runInProcess(['extract', full, '--output', image], { environment });
  {
    await using _other = await startWriting(image);
    const refused = await extract();
    expect(refused.code).toBe(1);
    expect(refused.messages).toMatch(/another extraction is writing .*image\.raw; wait/);
  }
  expect((await readdir(images)).toSorted()).toEqual(['image.raw.partial', 'image.raw.partial.lock']);
  const extracted = await extract();
  expect(extracted).toMatchObject({ code: 0, output: '' });
  expect(extracted.messages).toContain('image.raw.partial, left by an extraction that was killed');
  expect(await readdir(images)).toEqual(['image.raw']);
}, 60_000);

test('the audit has who extracted which volume, with and without a server', async () => {
  await using home = await temporaryDirectory();
  const dataDirectory = join(home.path, 'data');
  const environment = { BACKUP_SYNC_DATA_DIR: dataDirectory, BACKUP_SYNC_STORAGE: storage };
  await runInProcess(['sync', join(examples, 'sync-request.json')], { environment });
  const extract = (id: string) =>
    runInProcess(['extract', id, '--output', join(home.path, 'image.raw'), '--replace'], { environment });
  expect((await extract(full)).code).toBe(0);
  {
    await using _server = await startServer(dataDirectory, storage);
    expect((await extract(full)).code).toBe(0);
    expect((await extract('unknown')).code).not.toBe(0);
  }
  const listed = await runInProcess(['audit', 'list', '--operation', 'beginExtraction', '--json'], { environment });
  const actor = { kind: 'system', name: userInfo().username };
  const of = (value: string) => ({ actor, subjects: [{ field: 'backup_id', value }] });
  expect(JSON.parse(listed.output).audit_events).toMatchObject([
    { ...of('unknown'), door: 'rest', outcome: 'refused', error: 'backup_not_found' },
    { ...of(full), door: 'rest', address: '127.0.0.1', outcome: 'done' },
    { ...of(full), door: 'cli', address: null, outcome: 'done' },
  ]);
}, 60_000);

test('extract needs the storage unit, since this machine reads it', async () => {
  const refused = await runInProcess(['extract', full, '--output', 'image.raw', '--endpoint', 'http://127.0.0.1:1']);
  expect(refused).toMatchObject({ code: 1, output: '' });
  expect(refused.messages).toContain('no storage unit is given');
  expect((await run(['extract', '--help'])).output).toContain('This machine reads the objects itself');
});
