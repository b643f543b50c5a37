import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { storeBackups, testBucket } from '../../testing/chain-data.ts';
import { writeCinderBackup } from '../../testing/cinder-writer.ts';
import { seededBytes, seededUuid } from '../../testing/seeded-bytes.ts';
import { extractToFile } from './extract-to-file.ts';
import { OutputError, runsWithData } from './file-sink.ts';

/** Eight MiB that are mostly zeros, including the end. */
const volume = new Uint8Array(8 * 1024 * 1024 + 100);
volume.set(seededBytes('extract', 100_000), 2_000_000);

const backup = writeCinderBackup({
  volumeId: seededUuid('extract/volume'),
  backupId: seededUuid('extract/backup'),
  takenAtMs: Date.UTC(2026, 2, 1),
  volume,
});

async function openOutput() {
  const directory = await mkdtemp(join(tmpdir(), 'backup-sync-extract-'));
  const stored = await storeBackups([backup]);
  const data = await stored.open(backup);
  const path = join(directory, 'image.raw');
  let partialsReplaced = 0;
  return {
    directory,
    path,
    stored,
    partialsReplaced: () => partialsReplaced,
    extract: (replace = false, signal = new AbortController().signal, onProgress?: () => void) =>
      extractToFile(
        data,
        { path, replace, onPartialReplaced: () => (partialsReplaced += 1) },
        { storage: stored.storage, opening: null, signal, ...(onProgress && { onProgress }) },
      ),
    async [Symbol.asyncDispose]() {
      await stored[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
}

test('the file contains the volume, takes space only for data, and is readable only by its owner', async () => {
  await using output = await openOutput();
  expect(await output.extract()).toMatchObject({ fault: null, volumeBytes: volume.length });
  expect(Buffer.compare(await readFile(output.path), volume)).toBe(0);
  const { blocks, mode } = await stat(output.path);
  expect(blocks * 512).toBeLessThan(1_000_000);
  expect(mode & 0o777).toBe(0o600);
  expect(await readdir(output.directory)).toEqual(['image.raw']);
});

test('an existing file is replaced only on request, and only by a complete one', async () => {
  await using output = await openOutput();
  await writeFile(output.path, 'precious');
  await expect(output.extract()).rejects.toBeInstanceOf(OutputError);
  expect(await readFile(output.path, 'utf8')).toBe('precious');
  expect(await readdir(output.directory)).toEqual(['image.raw']);
  await output.extract(true);
  expect((await stat(output.path)).size).toBe(volume.length);
});

test('only a file is ever replaced, not a pipe or a symbolic link', async () => {
  await using output = await openOutput();
  const target = join(output.directory, 'target');
  await writeFile(target, 'precious');
  await symlink(target, output.path);
  await expect(output.extract(true)).rejects.toThrow('it is a symbolic link, and only a file is ever replaced');
  await rm(output.path);
  execFileSync('mkfifo', [output.path]);
  for (const replace of [false, true]) {
    const refused = `it is not a file, and only a file is ever replaced; to write into it, use "--output - > ${output.path}"`;
    await expect(output.extract(replace)).rejects.toThrow(refused);
  }
  expect((await stat(output.path)).isFIFO()).toBe(true);
  expect(await readFile(target, 'utf8')).toBe('precious');
  expect(await readdir(output.directory)).toEqual(['image.raw', 'target']);
});

test('a symbolic link that is created meanwhile is not replaced', async () => {
  await using output = await openOutput();
  let linked: Promise<void> | null = null;
  const extracting = output.extract(true, undefined, () => {
    linked ??= symlink('elsewhere', output.path);
  });
  await expect(extracting).rejects.toThrow('it is a symbolic link');
  await linked;
  expect(await readlink(output.path)).toBe('elsewhere');
  expect(await readdir(output.directory)).toEqual(['image.raw']);
});

test('a file that is created meanwhile stays unchanged', async () => {
  await using output = await openOutput();
  let written: Promise<void> | null = null;
  const extracting = output.extract(false, undefined, () => {
    written ??= writeFile(output.path, 'precious');
  });
  await expect(extracting).rejects.toBeInstanceOf(OutputError);
  await written;
  expect(await readFile(output.path, 'utf8')).toBe('precious');
  expect(await readdir(output.directory)).toEqual(['image.raw']);
});

test('an abandoned partial file is replaced, and the caller is notified', async () => {
  await using output = await openOutput();
  await writeFile(`${output.path}.partial`, 'of a process that was killed');
  expect(await output.extract()).toMatchObject({ fault: null });
  expect(output.partialsReplaced()).toBe(1);
  expect(Buffer.compare(await readFile(output.path), volume)).toBe(0);
  expect(await readdir(output.directory)).toEqual(['image.raw']);
});

test('a second extraction into the same file is refused, and does not disturb the first', async () => {
  await using output = await openOutput();
  let second: Promise<unknown> | null = null;
  await output.extract(true, undefined, () => {
    second ??= output.extract(true).catch((error: unknown) => error);
  });
  expect(await second).toBeInstanceOf(OutputError);
  expect(await second).toMatchObject({ message: expect.stringContaining('another extraction') });
  expect(output.partialsReplaced()).toBe(0);
  expect(Buffer.compare(await readFile(output.path), volume)).toBe(0);
  expect(await readdir(output.directory)).toEqual(['image.raw']);
});

test('a partial file that someone has replaced meanwhile is not renamed, and stays', async () => {
  await using output = await openOutput();
  const partialPath = `${output.path}.partial`;
  let replaced: Promise<void> | null = null;
  const extracting = output.extract(false, undefined, () => {
    replaced ??= rm(partialPath).then(() => writeFile(partialPath, 'not whole'));
  });
  await expect(extracting).rejects.toThrow('was replaced by another file');
  await replaced;
  expect(await readdir(output.directory)).toEqual(['image.raw.partial']);
});

test('nothing is left if the backup is broken, the extraction is cancelled or the file not writable', async () => {
  await using output = await openOutput();
  const reason = new Error('not wanted any more');
  const controller = new AbortController();
  await expect(output.extract(false, controller.signal, () => controller.abort(reason))).rejects.toBe(reason);
  expect(await readdir(output.directory)).toEqual([]);

  const [key, bytes] = [...backup.objects][20] ?? ['', new Uint8Array()];
  await output.stored.buckets.put(testBucket, [[key, Buffer.from(bytes).fill(7, 10, 20)]]);
  expect(await output.extract()).toMatchObject({ fault: { code: 'content_mismatch' }, sha256: null });
  expect(await readdir(output.directory)).toEqual([]);

  await output.stored.buckets.put(testBucket, [[key, bytes]]);
  await mkdir(output.path);
  await expect(output.extract(true)).rejects.toBeInstanceOf(OutputError);
  expect(await readdir(output.directory)).toEqual(['image.raw']);
});

test('only zeros are left out of a file', () => {
  const piece = fc.record({ pieces: fc.integer({ min: 1, max: 3 }), zero: fc.boolean() });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), fc.nat(4095), (drawn, tailBytes) => {
      const bytes = new Uint8Array(drawn.reduce((sum, { pieces }) => sum + pieces * 4096, tailBytes));
      let at = 0;
      for (const { pieces, zero } of drawn) {
        if (!zero) bytes[at + 4095] = 1;
        at += pieces * 4096;
      }
      const copy = new Uint8Array(bytes.length);
      for (const { from, to } of runsWithData(bytes)) copy.set(bytes.subarray(from, to), from);
      expect(copy).toEqual(bytes);
    }),
  );
});
