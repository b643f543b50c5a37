import type { BackupFormat, ReasonCode } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { countRequests } from '../../../storage/counted-storage-unit.ts';
import { examineBackups, rememberProofs } from '../../../testing/examine-backups.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { type RecognisedBackup, recognisedBackups, syncItemOfRecognised } from '../../../testing/recognised-backups.ts';
import { openTestEngine } from '../../../testing/test-engine.ts';
import { formats } from '../formats.ts';
import { type ProgramName, programNames, programs } from './programs.ts';

const bucketName = 'backups';
const one = Uint8Array.of(1);

function unitWith(objects: Iterable<readonly [string, Uint8Array]>) {
  return openMemoryStorageUnit(new Map([[bucketName, new Map(objects)]]));
}

describe.each(recognisedBackups)('a backup of $format', (backup) => {
  const { format, imagePath, markKey, objects, formatTime } = backup;
  const item = syncItemOfRecognised(backup, bucketName);
  const examine = async (changed: typeof objects) => (await examineBackups(unitWith(changed), [item]))[0] ?? null;

  test('is present, and says why no more can be proved and how to check it', async () => {
    const { gap, limit } = programs[format];
    expect(await examine(objects)).toMatchObject({
      format,
      level: 'presence',
      fault: null,
      form: { ceiling: 'presence', gaps: [gap] },
      limit,
      incremental: null,
      formatTime,
    });
  });

  test('is described by one LIST', async () => {
    const { unit, count } = countRequests(unitWith(objects));
    const described = await formats[format].describe(
      { storage: unit, bucketName, signal: new AbortController().signal },
      imagePath,
    );
    expect(count()).toMatchObject({ lists: 1, gets: 0 });
    expect(described.backupId).toMatch(/-[0-9a-f]{12}$/);
    expect(described.createdAtS).toBe(Math.floor((formatTime?.atMs ?? Date.UTC(2026, 2, 1, 3)) / 1000));
  });

  test('costs no reads, and while it is unchanged only its listing', async () => {
    const { unit, count } = countRequests(unitWith(objects));
    const { remember, ...memory } = rememberProofs();
    const first = await examineBackups(unit, [item], memory);
    // The mark next to a folder needs a listing of its own.
    const lists = markKey.startsWith(`${imagePath}/`) || markKey === imagePath ? 1 : 2;
    expect(count()).toMatchObject({ lists, gets: 0 });
    remember(first, [item]);
    const [again] = await examineBackups(unit, [item], memory);
    expect(again).toMatchObject({ level: 'presence', newProofs: [] });
    expect(count()).toMatchObject({ lists: 2 * lists, gets: 0 });
  });
});

type Damage = readonly [ProgramName, 'removed' | 'emptied', ReasonCode | null, BackupFormat | null];

/**
 * The mark of a backup is removed or emptied. Without it, a program whose keys prove nothing else leaves an unknown
 * format, and one whose backup is a single object leaves nothing. Veeam has no mark, so any other object stands for it.
 */
const damages: readonly Damage[] = [
  ['barman', 'removed', 'incomplete', 'barman'],
  ['barman', 'emptied', 'incomplete', 'barman'],
  ['borg', 'removed', null, 'unknown'],
  ['borg', 'emptied', null, 'unknown'],
  ['kopia', 'removed', null, null],
  ['kopia', 'emptied', 'incomplete', 'kopia'],
  ['percona', 'removed', null, 'unknown'],
  ['percona', 'emptied', 'incomplete', 'percona'],
  ['proxmox', 'removed', 'incomplete', 'proxmox'],
  ['proxmox', 'emptied', 'incomplete', 'proxmox'],
  ['veeam', 'removed', null, 'veeam'],
  ['veeam', 'emptied', null, 'veeam'],
  ['velero', 'removed', 'incomplete', 'velero'],
  ['velero', 'emptied', 'incomplete', 'velero'],
  ['vzdump', 'removed', null, null],
  ['vzdump', 'emptied', 'incomplete', 'vzdump'],
  ['wal-g', 'removed', 'incomplete', 'wal-g'],
  ['wal-g', 'emptied', 'incomplete', 'wal-g'],
];

test.each(damages)('a backup of %s whose mark is %s: %s, %s', async (name, damage, code, format) => {
  const backup = backupOf(name);
  const others = backup.objects.filter(([key]) => key !== backup.markKey);
  const objects = damage === 'removed' ? others : [...others, [backup.markKey, new Uint8Array()] as const];
  const [examination] = await examineBackups(unitWith(objects), [syncItemOfRecognised(backup, bucketName)]);
  const expected = { format, level: code === null ? 'presence' : null, fault: code === null ? null : { code } };
  if (format === null) expect(examination).toBeNull();
  else expect(examination).toMatchObject(expected);
});

test('a folder with more objects than a listing keeps is recognised by its mark', async () => {
  const { imagePath, objects, ...rest } = backupOf('borg');
  const segments = Array.from({ length: 100_001 }, (_, index) => [`${imagePath}/data/9/${index}`, one] as const);
  const item = syncItemOfRecognised({ ...rest, imagePath, objects }, bucketName);
  const [borg] = await examineBackups(unitWith([...objects, ...segments]), [item]);
  expect(borg).toMatchObject({ format: 'borg', listing: { objectCount: 100_001 + objects.length } });
  const [other] = await examineBackups(unitWith(segments), [item]);
  expect(other).toMatchObject({ format: 'unknown', fault: null });
});

test('objects of a later backup do not belong to an earlier one whose name begins its name', async () => {
  const backup = backupOf('wal-g');
  const delta = `${backup.imagePath}_D_000000010000000000000001`;
  const objects = [...backup.objects, [`${delta}/part`, one], [`${delta}_backup_stop_sentinel.json`, one]] as const;
  const [alone] = await examineBackups(unitWith(backup.objects), [syncItemOfRecognised(backup, bucketName)]);
  const [together] = await examineBackups(unitWith(objects), [syncItemOfRecognised(backup, bucketName)]);
  expect(together?.listing).toEqual(alone?.listing);
});

test('a source counts the backups of other programs by name, and notices an unfinished one', async () => {
  await using engine = await openTestEngine();
  for (const { objects } of recognisedBackups) await engine.buckets.put(bucketName, objects);
  const { source } = await engine.call('addSource', { name: 'others', bucket_name: bucketName });
  const run = async () => {
    const { operation_id } = await engine.call('scanSource', { source_id: source.id });
    await engine.operationEnded(operation_id);
    const { findings } = await engine.call('listScanFindings', { operation_id });
    await engine.ended(findings.flatMap(({ operation_log_id: id }) => (id === null ? [] : [id])));
    return findings.map(({ format, state }) => [format, state]).toSorted();
  };
  expect(await run()).toEqual(programNames.map((name) => [name, 'new']).toSorted());
  expect(await run()).toEqual([]);

  const { backups } = await engine.call('listBackups', {});
  expect(backups.map(({ backup_sync: own }) => own.format).toSorted()).toEqual(programNames.toSorted());
  for (const { status, backup_sync: own } of backups) {
    expect([status, own.level, own.ceiling]).toEqual(['available', 'presence', 'presence']);
    expect(own.gaps).toMatchObject([{ level: 'metadata', message: expect.stringContaining('cannot be seen') }]);
  }
  const velero = backups.find(({ backup_sync: own }) => own.format === 'velero');
  const { operation_id } = await engine.call('verifyBackup', { backup_id: velero?.id ?? '', level: 'content' });
  const verified = await engine.operationEnded(operation_id);
  expect(verified.reason).toMatchObject({
    code: 'format_unknown',
    message: expect.stringContaining('velero backup describe --details'),
  });

  await engine.buckets.remove(bucketName, backupOf('wal-g').markKey);
  expect(await run()).toEqual([['wal-g', 'changed']]);
  const { backups: broken } = await engine.call('listBackups', { status: 'error' });
  expect(broken).toMatchObject([{ backup_sync: { format: 'wal-g', reason: { code: 'incomplete' } } }]);
  expect(engine.faults).toEqual([]);
});

test.each(['percona', 'borg'] as const)('a recorded backup of %s without its mark is no other backup', async (name) => {
  await using engine = await openTestEngine();
  const backup = backupOf(name);
  await engine.buckets.put(bucketName, backup.objects);
  const item = { ...syncItemOfRecognised(backup, bucketName), backup_id: 'backup-1' };
  await engine.sync([item]);
  await engine.buckets.remove(bucketName, backup.markKey);
  for (const _time of ['first', 'second']) {
    const [log] = await engine.sync([item]);
    expect(log).toMatchObject({ status: 'failed' });
    const { backups } = await engine.call('listBackups', {});
    expect(backups).toMatchObject([{ status: 'error', backup_sync: { format: name, reason: { code: 'conflict' } } }]);
  }
  await engine.buckets.put(bucketName, backup.objects);
  await engine.sync([item]);
  const { backups } = await engine.call('listBackups', {});
  expect(backups).toMatchObject([{ status: 'available', backup_sync: { format: name, level: 'presence' } }]);
});

function backupOf(name: ProgramName): RecognisedBackup {
  const backup = recognisedBackups.find(({ format }) => format === name);
  if (backup === undefined) throw new Error(`there is a backup of ${name}`);
  return backup;
}
