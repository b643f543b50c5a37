import { existsSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type PathTemplate, parsePathTemplate } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { findCandidates } from '../../../scans/find-candidates.ts';
import { formatsUnderTest } from '../../../testing/formats-under-test.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { formats, knownFormatNames } from '../formats.ts';

const uuid = '6fea9211-38a5-4ccc-895f-c8b61fb35442';
const session = 's0123456789abcdef';
const pack = '0123456789abcdef0123456789abcdef';
const segment = '00000001000000000000000A';

/** Scans keys of objects with one byte each, and says what was found. */
async function scan(keys: readonly string[], template: string | null = null): Promise<readonly string[]> {
  const bucket = new Map(keys.map((key) => [key, key.endsWith('/') ? new Uint8Array() : Uint8Array.of(1)]));
  const pages = openMemoryStorageUnit(new Map([['backups', bucket]])).list({ bucket: 'backups', prefix: '' });
  const parsed = template === null ? null : (parsePathTemplate(template) as PathTemplate);
  const found: string[] = [];
  for await (const { candidates } of findCandidates(pages, { prefix: '', formats: null, template: parsed })) {
    found.push(...candidates.map(({ kind, format, imagePath }) => `${kind} ${format} ${imagePath}`));
  }
  return found;
}

describe('a scan finds, once', () => {
  test.each([
    [['kopia.repository', `p${pack}-${session}`], 'committed kopia kopia.repository'],
    [['x/kopia.repository.f'], 'committed kopia x/kopia.repository.f'],
    [['Veeam/Backup/site/Config/', `Veeam/Backup/site/Clients/${uuid}/1`], 'committed veeam Veeam/Backup/site'],
    [['Veeam/Backup/site/Config/'], 'begun veeam Veeam/Backup/site'],
    [[`Veeam/Archive/a b/${uuid}/${uuid}/blocks/1.blk`], 'committed veeam Veeam/Archive/a b'],
    [['repo/config', 'repo/integrity.7', 'repo/integrity.9'], 'committed borg repo'],
    [['c/backups/daily/velero-backup.json', 'c/backups/daily/daily-logs.gz'], 'committed velero c/backups/daily'],
    [['backups/daily/daily-volumeinfo.json.gz'], 'begun velero backups/daily'],
    [
      [`basebackups_005/base_${segment}/x`, `basebackups_005/base_${segment}_backup_stop_sentinel.json`],
      `committed wal-g basebackups_005/base_${segment}`,
    ],
    [[`basebackups_005/base_${segment}/tar_partitions/part_001.tar.br`], `begun wal-g basebackups_005/base_${segment}`],
    [
      ['s/base/20260303T020000/backup.info', 's/base/20260303T020000/data.tar'],
      'committed barman s/base/20260303T020000',
    ],
    [['s/base/20260303T020000/data.tar.snappy'], 'begun barman s/base/20260303T020000'],
    [['2026-03-03T02:00:00Z.pbm.json', '2026-03-03T02:00:00Z/rs0/1.gz'], 'committed percona 2026-03-03T02:00:00Z'],
    [
      ['ns/a/ct/101/2026-03-03T02:00:00Z/index.json.blob', 'ns/a/ct/101/2026-03-03T02:00:00Z/root.pxar.didx'],
      'committed proxmox ns/a/ct/101/2026-03-03T02:00:00Z',
    ],
    [['vm/1/2026-03-03T02:00:00Z/drive.img.fidx'], 'begun proxmox vm/1/2026-03-03T02:00:00Z'],
    [['vzdump-lxc-7-2026_03_03-02_00_00.tar.gz'], 'committed vzdump vzdump-lxc-7-2026_03_03-02_00_00.tar.gz'],
  ])('%j: %s', async (keys, found) => {
    expect(await scan(keys)).toEqual([found]);
  });
});

describe('a scan takes for no backup', () => {
  test.each([
    'repo/config',
    'repo/README',
    'repo/data/0/1',
    'repo/integrity.log',
    'integrity.7',
    'notes/kopia.repository.txt',
    'mykopia.repository',
    'Veeam/Backup/job/job2026.vbk',
    'Veeam/Archive/job/readme.txt',
    'Backup/site/Clients/1',
    'backups/daily/velero-backup.json.old',
    'backups/daily/weekly-volumeinfo.json.gz',
    'backups/daily/daily.tar.gz',
    'basebackups_005/other.json',
    's/base/2026/backup.info',
    's/base/20260303T020000/notes.txt',
    'today.pbm.json',
    '2026-03-03T02:00:00Z/rs0/metadata.json',
    'vm/1/today/index.json.blob',
    'disk/1/2026-03-03T02:00:00Z/index.json.blob',
    'vm/1/2026-03-03T02:00:00Z/notes.txt',
    'vzdump-qemu-100-2026_03_03-02_00_00.log',
    'vzdump-qemu-100.vma.zst',
  ])('%s', async (key) => {
    expect(await scan([key])).toEqual([]);
    const template = '{resource_name}/{backup_id}';
    if (key.includes('/'))
      expect(await scan([key], template)).toMatchObject([expect.stringMatching(/^unknown unknown /)]);
  });
});

test('a path template does not find the folder next to a commit mark once more', async () => {
  const keys = ['a/2026-03-03T02:00:00Z.pbm.json', 'a/2026-03-03T02:00:00Z/rs0/1.gz', 'a/other/1'];
  expect(await scan(keys, '{resource_name}/{backup_id}')).toEqual([
    'committed percona a/2026-03-03T02:00:00Z',
    'unknown unknown a/other',
  ]);
});

test.each([
  [`a/q${pack}-${session}`, 'a/kopia.repository', true],
  ['a/kopia.blobcfg.f', 'a/kopia.repository.f', true],
  ['d/vzdump-qemu-100-2026_03_03-02_00_00.vma.notes', 'd/vzdump-qemu-100-2026_03_03-02_00_00.vma', true],
  [`s/wals/0000000100000000/${segment}.gz`, 's/base/<name>', false],
  [`wal_005/${segment}.lz4`, 'basebackups_005/<name>', false],
  [`store/.chunks/ab12/ab12${pack}${pack.slice(4)}`, 'store/<type>/<id>/<name>', false],
])('%s belongs to %s', (key, imagePath, isExact) => {
  const owners = knownFormatNames.map((name) => formats[name].ownerOf(key)).filter((owner) => owner !== null);
  expect(owners).toEqual([{ imagePath, isExact }]);
});

/** The keys of all samples, if they are there. */
async function sampleKeys(): Promise<readonly string[]> {
  const folder = join(import.meta.dirname, '../../../../../../../shared/fixtures');
  if (!existsSync(folder)) return [];
  const keys: string[] = [];
  for await (const entry of await opendir(folder, { recursive: true })) {
    if (entry.isFile()) keys.push(relative(folder, join(entry.parentPath, entry.name)));
  }
  return keys;
}

test('no key of any sample or writer is claimed by two formats', async () => {
  const written = formatsUnderTest.flatMap(({ objects }) => Array.from(objects, ([key]) => key));
  const claims = [...written, ...(await sampleKeys())].map((key) => [
    key,
    knownFormatNames.filter((name) => formats[name].partOf(key) !== null || formats[name].ownerOf(key) !== null),
  ]);
  expect(claims.filter(([, names]) => (names?.length ?? 0) > 1)).toEqual([]);
  expect(new Set(claims.flatMap(([, names]) => names))).toEqual(new Set(knownFormatNames));
});
