import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chainManifest } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { seededBytes } from '../../testing/seeded-bytes.ts';
import { type CreateManifestOptions, createManifest } from './create-manifest.ts';

const blockBytes = 512;

async function makeHome(files: Record<string, Uint8Array>) {
  const path = await mkdtemp(join(tmpdir(), 'backup-sync-manifest-'));
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(join(path, name, '..'), { recursive: true });
    await writeFile(join(path, name), bytes);
  }
  const create = (directory: string, changes: Partial<CreateManifestOptions> = {}) =>
    createManifest({
      directory: join(path, directory),
      output: join(path, directory),
      backup: { id: directory, name: 'nightly' },
      resource: { id: 'vm-7', type: 'OS::Native::Server' },
      blockBytes,
      signal: new AbortController().signal,
      ...changes,
    });
  const onDay0 = { path: join(path, 'day-0', 'manifest.json') };
  const dispose = () => rm(path, { recursive: true, force: true });
  return { path, create, onDay0, [Symbol.asyncDispose]: dispose };
}

const volume = seededBytes('volume', 5 * blockBytes + 100);

async function readObjects(path: string) {
  const manifest = chainManifest.parse(JSON.parse(await readFile(path, 'utf8')));
  return manifest.objects.map(({ key, offset, length }) => [key, offset, length]);
}

describe('a manifest of image files', () => {
  test('uses the files of a full backup unchanged, in the order of the numbers in their names', async () => {
    await using home = await makeHome({
      'day-0/disk.10': volume.subarray(1024),
      'day-0/disk.9': volume.subarray(0, 1024),
      'day-0/.hidden': volume,
    });
    const { manifestPath } = await home.create('day-0');
    expect(await readObjects(manifestPath)).toEqual([
      ['disk.9', 0, 1024],
      ['disk.10', 1024, volume.length - 1024],
    ]);
  });

  test('stores each run of changed blocks of an increment, and nothing if nothing changed', async () => {
    const changed = volume.slice();
    for (const at of [0, 600, 3 * blockBytes, volume.length - 1]) changed[at] = (changed[at] ?? 0) ^ 1;
    await using home = await makeHome({ 'day-0/disk': volume, 'day-1/disk': changed, 'day-2/disk': volume });
    await home.create('day-0');
    const output = join(home.path, 'upload-1');
    const { manifestPath } = await home.create('day-1', { output, parent: home.onDay0, resource: {} });
    expect(await readObjects(manifestPath)).toEqual([
      ['data/000001', 0, 2 * blockBytes],
      ['data/000002', 3 * blockBytes, blockBytes],
      ['data/000003', 5 * blockBytes, 100],
    ]);
    expect(await readFile(join(output, 'data/000003'))).toEqual(Buffer.from(changed.subarray(5 * blockBytes)));
    const empty = join(home.path, 'upload-2');
    const same = await home.create('day-2', { output: empty, parent: home.onDay0, resource: {} });
    expect(await readObjects(same.manifestPath)).toEqual([]);
    expect((await readdir(empty)).toSorted()).toEqual(['block-hashes.bin', 'manifest.json']);
  });
});

describe('a manifest is refused', () => {
  const files = {
    'day-0/disk': volume,
    'uneven/a': volume,
    'uneven/b': volume,
    'nested/a/b': volume,
    'void/a': new Uint8Array(),
    'larger/disk': seededBytes('more', 8 * blockBytes),
  };

  test.each<[string, string, Partial<CreateManifestOptions>]>([
    ['uneven', 'every piece except the last must be a multiple of 512 bytes', {}],
    ['nested', 'is not a file', {}],
    ['void', 'is empty', {}],
    ['gone', 'the directory cannot be read', {}],
    ['larger', 'name the resource', { resource: {} }],
    ['larger', 'block_size must be at least 512', { blockBytes: 100 }],
    ['larger', 'backup.name must have 0 to 255 characters', { backup: { id: 'b', name: 'x'.repeat(256) } }],
    ['day-0', 'already exists', {}],
  ])('for %s: %s', async (directory, sentence, changes) => {
    await using home = await makeHome(files);
    await home.create('day-0');
    await expect(home.create(directory, changes)).rejects.toThrow(sentence);
    expect(await readdir(join(home.path, 'larger'))).toEqual(['disk']);
  });

  test('if it does not fit its parent', async () => {
    await using home = await makeHome(files);
    await home.create('day-0');
    const parent = home.onDay0;
    const output = join(home.path, 'upload');
    await expect(home.create('larger', { output, parent })).rejects.toThrow('a volume that has grown');
    await expect(home.create('day-0', { output, parent, blockBytes: 1024 })).rejects.toThrow('blocks of 512 bytes');
    await expect(home.create('day-0', { output, parent, resource: { id: 'x' } })).rejects.toThrow('not of x');
    await expect(home.create('day-0', { parent })).rejects.toThrow('choose another directory');
    await writeFile(join(home.path, 'day-0', 'block-hashes.bin'), 'x');
    await expect(home.create('day-0', { output, parent })).rejects.toThrow('does not match the SHA-256');
    expect(await readdir(home.path)).not.toContain('upload');
  });

  test('if a symbolic link has its name, even one that leads nowhere', async () => {
    await using home = await makeHome(files);
    const link = join(home.path, 'day-0', 'manifest.json');
    await symlink('nowhere', link);
    await expect(home.create('day-0')).rejects.toThrow('manifest.json already exists');
    expect(await readlink(link)).toBe('nowhere');
  });

  test('when it is cancelled, and leaves no hashes behind', async () => {
    await using home = await makeHome(files);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(home.create('day-0', { signal })).rejects.toThrow('enough');
    expect(await readdir(join(home.path, 'day-0'))).toEqual(['disk']);
  });
});
