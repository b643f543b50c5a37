import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findPart } from '../chain/formats/formats.ts';
import { compareKeys } from '../storage/key-order.ts';
import { seededUuid } from '../testing/seeded-bytes.ts';
import { BegunBackups } from './begun-backups.ts';

const id = seededUuid('begun');
/**
 * Zones that are prefixes of each other, so that image paths are too, and a manifest folder below and next to a backup.
 */
const paths = ['nova', `nova_backup_${id}-00001`, 'nova!', 'other']
  .map((zone) => `volume_v/20260301020000/az_${zone}_backup_${id}`)
  .concat(['disks/a', 'disks/a-b', 'disks/a/b']);
const names = ['-00001', '-00002', '_sha256file', '_metadata', '/block-hashes.bin', '/manifest.json', '/data', '.tmp'];
const key = fc.tuple(fc.constantFrom(...paths), fc.constantFrom(...names)).map(([path, name]) => path + name);

function partOf(each: string) {
  return findPart(each, ['cinder', 'longhorn', 'manifest']);
}

function begunIn(keys: readonly string[], prefix: string): readonly string[] {
  const backups = new BegunBackups(prefix);
  const sorted = [...keys].sort(compareKeys);
  const begun = sorted.flatMap((each) => backups.add({ key: each, size: 1, modifiedAtMs: 0 }, partOf(each)).ended);
  return [...begun, ...backups.end()].map(({ markKey }) => markKey ?? '');
}

test('each backup with parts but no commit mark is found once, whatever is stored around it', () => {
  fc.assert(
    fc.property(fc.uniqueArray(key, { maxLength: 40 }), (keys) => {
      const parts = keys.map(partOf).filter((part) => part !== null);
      const begun = parts.map(({ markKey }) => markKey ?? '').filter((markKey) => !keys.includes(markKey));
      expect([...begunIn(keys, '')].sort()).toEqual([...new Set(begun)].sort());
    }),
  );
});

test('a backup that begins before the prefix is left out: its commit mark may not be listed', () => {
  const [path] = paths;
  expect(begunIn([`${path}-00001`], `${path}-`)).toEqual([]);
  expect(begunIn([`${path}-00001`], `${path}`)).toEqual([`${path}_metadata`]);
});

test('the age of a begun backup is the age of its newest object', () => {
  const backups = new BegunBackups('');
  const [path] = paths;
  for (const [number, modifiedAtMs] of [1_000, 3_000, 2_000].entries()) {
    backups.add({ key: `${path}-0000${number}`, size: 1, modifiedAtMs }, partOf(`${path}-0000${number}`));
  }
  expect(backups.end()).toMatchObject([{ newestAtMs: 3_000 }]);
});

test('a backup without a commit mark is there, once, with its first object that has content', () => {
  const backups = new BegunBackups('');
  const folder = 'Veeam/Backup/site';
  const sizes = { Clients: 0, Config: 0, Owner: 5, Repository: 5 };
  const commits = Object.entries(sizes).filter(([name, size]) => {
    const key = `${folder}/${name}/object`;
    return backups.add({ key, size, modifiedAtMs: 0 }, findPart(key, ['veeam'])).isCommit;
  });
  expect(commits).toEqual([['Owner', 5]]);
  expect(backups.end()).toEqual([]);
});

test('a backup of which only empty objects are there has begun', () => {
  const backups = new BegunBackups('');
  const key = 'Veeam/Backup/site/Config/';
  expect(backups.add({ key, size: 0, modifiedAtMs: 0 }, findPart(key, ['veeam'])).isCommit).toBe(false);
  expect(backups.end()).toMatchObject([{ imagePath: 'Veeam/Backup/site', markKey: null }]);
});
