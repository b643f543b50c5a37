import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { counted } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const blockBytes = 65_536;

/** Bytes of a volume that differ from block to block. */
function makeVolume(blocks: number, tailBytes: number): Buffer {
  const volume = Buffer.alloc(blocks * blockBytes + tailBytes);
  for (let block = 0; block <= blocks; block += 1) volume.fill(`block ${block} `, block * blockBytes);
  return volume;
}

async function makeDirectory(path: string, files: Record<string, Uint8Array>): Promise<string> {
  await mkdir(path, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(path, name), bytes);
  return path;
}

describe('manifest create', () => {
  test('creates a chain of a full backup and an increment that sync proves to linkage', async () => {
    await using home = await temporaryDirectory();
    const volume = makeVolume(6, 1000);
    const day0 = await makeDirectory(join(home.path, 'day-0'), {
      'disk.9': volume.subarray(0, 4 * blockBytes),
      'disk.10': volume.subarray(4 * blockBytes),
    });
    const who = ['--resource-id', 'vm-7', '--resource-name', 'mail server', '--name', 'nightly'];
    const full = await runInProcess(['manifest', 'create', day0, ...who, '--backup-id', 'vm-7-0', '--json']);
    expect(full).toMatchObject({ code: 0, messages: '' });
    expect(JSON.parse(full.output)).toMatchObject({ backup_id: 'vm-7-0', object_count: 2, volume_size: volume.length });
    const hashes = await readFile(join(day0, 'block-hashes.bin'));
    const lastBlock = createHash('sha256')
      .update(volume.subarray(6 * blockBytes))
      .digest();
    expect(hashes.subarray(-32)).toEqual(lastBlock);

    volume.fill('new ', 2 * blockBytes, 4 * blockBytes);
    volume.fill('end ', 6 * blockBytes);
    const day1 = await makeDirectory(join(home.path, 'day-1'), { 'disk.raw': volume });
    const upload = join(home.path, 'upload');
    const parent = ['--parent', join(day0, 'manifest.json'), '--output', upload];
    const increment = await runInProcess([
      'manifest',
      'create',
      day1,
      '--backup-id',
      'vm-7-1',
      '--name',
      'nightly',
      ...parent,
    ]);
    expect(increment).toMatchObject({ code: 0, messages: '' });
    expect(increment.output).toContain(`2 objects with ${counted(2 * blockBytes + 1000, 'byte')} of the volume`);
    expect(await readdir(day1)).toEqual(['disk.raw']);

    await cp(day0, join(home.path, 'buckets', 'backups', 'vm-7', 'vm-7-0'), { recursive: true });
    await cp(upload, join(home.path, 'buckets', 'backups', 'vm-7', 'vm-7-1'), { recursive: true });
    const sync = [0, 1].map((day) => ({
      backup_id: `vm-7-${day}`,
      backup_name: 'nightly',
      bucket_name: 'backups',
      image_path: `vm-7/vm-7-${day}`,
      resource_id: 'vm-7',
      resource_name: 'mail server',
      created_at: 1_780_000_000,
    }));
    const where = ['--data-dir', join(home.path, 'data'), '--storage', `file:${join(home.path, 'buckets')}`];
    const synced = await runInProcess(['sync', '-', '--json', ...where], { input: JSON.stringify({ sync }) });
    expect(synced.code).toBe(0);
    const listed = JSON.parse((await runInProcess(['backups', 'list', '--json', ...where])).output);
    expect(
      listed.backups.map((backup: { id: string; backup_sync: { format: string; level: string } }) => [
        backup.id,
        backup.backup_sync.format,
        backup.backup_sync.level,
      ]),
    ).toEqual(
      expect.arrayContaining([
        ['vm-7-0', 'manifest', 'linkage'],
        ['vm-7-1', 'manifest', 'linkage'],
      ]),
    );
  });

  test('says in a sentence what is wrong', async () => {
    await using home = await temporaryDirectory();
    const image = await makeDirectory(join(home.path, 'image'), { disk: makeVolume(1, 0) });
    const cases: [string[], string][] = [
      [[image], 'name the resource'],
      [[image, '--resource-id', 'r', '--created-at', 'monday'], '--created-at "monday" is not a time'],
      [[image, '--parent', join(home.path, 'gone.json')], '--parent needs --output'],
      [[image, '--resource-id', 'r', '--parent-path', 'x'], 'add --parent'],
    ];
    for (const [args, sentence] of cases) {
      const ended = await runInProcess(['manifest', 'create', ...args]);
      expect(ended).toMatchObject({ code: 1, output: '' });
      expect(ended.messages).toContain(sentence);
    }
    expect(await readdir(image)).toEqual(['disk']);
  });
});
