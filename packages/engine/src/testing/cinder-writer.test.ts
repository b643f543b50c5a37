import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateSync } from 'node:zlib';
import { syncBackupsRequest } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { type WrittenBackup, writeCinderBackup } from './cinder-writer.ts';
import { pythonJson } from './python-text.ts';
import { writeSmallChain } from './small-chain.ts';

const fixtures = fileURLToPath(new URL('../../../../../shared/fixtures/', import.meta.url));
const fixture = `${fixtures}cinder-s3-zlib`;

/** The parts of a genuine `_metadata` that the test needs. */
type Genuine = { objects: Record<string, { offset: number; compression: string }>[] };

test.skipIf(!existsSync(fixture))('writes the same bytes as Cinder itself (needs ../shared/fixtures)', async () => {
  const request = syncBackupsRequest.parse(JSON.parse(await readFile(`${fixture}.request.json`, 'utf8')));
  const volume = new Uint8Array(1024 * 1024);
  let parent: WrittenBackup | undefined;
  for (const item of request.sync) {
    const path = join(fixture, item.bucket_name, item.image_path);
    const genuine: Genuine = JSON.parse(await readFile(`${path}_metadata`, 'utf8'));
    for (const [key, { offset, compression }] of genuine.objects.flatMap((entry) => Object.entries(entry))) {
      const stored = await readFile(join(fixture, item.bucket_name, key));
      volume.set(compression === 'none' ? stored : inflateSync(stored), offset);
    }
    const written: WrittenBackup = writeCinderBackup({
      volumeId: item.resource_id,
      backupId: item.backup_id,
      takenAtMs: item.created_at * 1000,
      volume: volume.slice(),
      name: item.backup_name,
      ...(parent === undefined ? {} : { parent }),
    });
    expect(written.imagePath).toBe(item.image_path);
    expect([...written.objects.keys()].map((key) => basename(key)).toSorted()).toEqual(
      (await readdir(join(path, '..'))).toSorted(),
    );
    for (const suffix of ['_metadata', '_sha256file']) {
      const bytes = written.objects.get(`${item.image_path}${suffix}`) ?? new Uint8Array();
      expect(Buffer.from(bytes).toString()).toBe(await readFile(`${path}${suffix}`, 'utf8'));
    }
    parent = written;
  }
});

test('writes the same bytes for the same seed, and different bytes for another seed', () => {
  const [one, same, other] = ['a', 'a', 'b'].map((seed) => writeSmallChain(seed, 8, [[3]]));
  expect(same).toEqual(one);
  expect(other).not.toEqual(one);
});

test('escapes text as Python does', () => {
  expect(pythonJson({ b: 'é😀\u007f', a: [] })).toBe('{\n  "a": [],\n  "b": "\\u00e9\\ud83d\\ude00\\u007f"\n}');
});
