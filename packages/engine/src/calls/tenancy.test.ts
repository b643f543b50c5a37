import type { BackupSync, UnaryCallName } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import type { Caller } from '../caller.ts';
import { writeManifestBackup } from '../testing/manifest-writer.ts';
import { operationEnd } from '../testing/operation-end.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { openTestEngine } from '../testing/test-engine.ts';

const bucket = 'shared';

/** Two projects on one bucket. The second has a grant for the folder of one chain. */
async function openWithTwoProjects() {
  const opened = await openTestEngine();
  const { engine, buckets, projectId } = opened;
  const ours = writeSmallChain('ours', 16, [[1]]);
  const theirs = writeSmallChain('theirs', 16, [[1]]);
  for (const backup of [...ours, ...theirs]) await buckets.put(bucket, backup.objects);
  const operator = { kind: 'system', name: 'tester', role: 'administrator' } as const;
  const as = <Name extends UnaryCallName>(project: string, name: Name, input: object) => {
    const caller: Caller = { ...operator, projectId: project };
    return engine.call(name, { caller, requestId: 'request-1' }, { ...input, project_id: project });
  };
  const { project } = await as(projectId, 'createProject', { name: 'second' });
  const folder = `${ours[0]?.imagePath.split('/')[0]}/`;
  await as(projectId, 'grantBucket', {
    target_project_id: project.id,
    bucket_name: bucket,
    prefix: folder.slice(0, -1),
  });
  const endOf = (operationId: string) => operationEnd(engine, { ...operator, projectId: project.id }, operationId);
  const itemsOf = (chain: typeof ours): BackupSync[] => chain.map((backup) => syncItemOf(backup, bucket));
  const sync = async (items: readonly BackupSync[]) => {
    const answer = await as(project.id, 'syncBackups', { sync: items });
    return Promise.all(answer.sync.map((each) => endOf(each.operation_log_id)));
  };
  const owned = { projectId: project.id, folder, ours: itemsOf(ours), theirs: itemsOf(theirs), chain: ours };
  const call = <Name extends UnaryCallName>(name: Name, input: object) => as(project.id, name, input);
  return { ...opened, first: projectId, as, call, sync, endOf, ...owned };
}

describe('a project with a folder of a bucket', () => {
  test('imports, scans, watches and verifies the backups in its folder', async () => {
    await using opened = await openWithTwoProjects();
    const { call, sync, endOf, ours, folder } = opened;
    expect((await sync(ours)).map(({ status }) => status)).toEqual(['success', 'success']);
    const { operation_id } = await call('startScan', { bucket_name: bucket, prefix: folder });
    expect(await endOf(operation_id)).toMatchObject({ status: 'success' });
    await call('addSource', { name: 'own', bucket_name: bucket, prefix: folder });
    const [item] = ours;
    const verification = await call('verifyBackup', { backup_id: item?.backup_id ?? '', level: 'content' });
    expect(await endOf(verification.operation_id)).toMatchObject({ status: 'success' });
    expect(opened.faults).toEqual([]);
  });

  test('is refused access to everything else before any request to storage', async () => {
    await using opened = await openWithTwoProjects();
    const { call, theirs } = opened;
    // Nothing there can be listed any more: a request to storage would fail.
    await opened.buckets[Symbol.asyncDispose]();
    const beside = { bucket_name: bucket, prefix: 'volume_' };
    const calls: [UnaryCallName, object][] = [
      ['syncBackups', { sync: theirs }],
      ['importBackups', { sync: theirs, with_ancestors: true }],
      ['planSync', { sync: theirs }],
      ['startPlan', { bucket_name: bucket }],
      ['startPlan', beside],
      ['startPlan', { bucket_name: 'another' }],
      ['startScan', { bucket_name: bucket }],
      ['startScan', beside],
      ['startScan', { bucket_name: 'another' }],
      ['addSource', { name: 'a', bucket_name: bucket }],
      ['addSource', { name: 'b', ...beside }],
    ];
    for (const [name, input] of calls) {
      await expect(call(name, input), name).rejects.toMatchObject({ code: 'bucket_not_bound' });
    }
    expect((await call('listOperationLogs', {})).operation_logs).toEqual([]);
  });

  test('sees no backup, operation, source or count of the other project', async () => {
    await using opened = await openWithTwoProjects();
    const { as, call, first, sync, ours, projectId } = opened;
    const [item] = ours;
    const [operation] = await sync(ours.slice(0, 1));
    const place = { bucket_name: bucket, prefix: opened.folder };
    const source = await call('addSource', { name: 'own', ...place });
    const scan = await call('startScan', place);
    const plan = await call('startPlan', place);
    const run = await call('scanSource', { source_id: source.source.id });
    await Promise.all([scan, plan, run].map(({ operation_id }) => opened.endOf(operation_id)));
    expect(await as(first, 'listBackups', {})).toMatchObject({ backups: [], count: 0 });
    expect(await as(first, 'listOperationLogs', {})).toMatchObject({ operation_logs: [], count: 0 });
    expect(await as(first, 'listSources', {})).toMatchObject({ sources: [] });
    expect(await as(first, 'listVaults', {})).toMatchObject({ vaults: [], count: 0 });
    const asked: [UnaryCallName, object, string][] = [
      ['showBackup', { backup_id: item?.backup_id }, 'backup_not_found'],
      ['updateBackup', { backup_id: item?.backup_id, backup: { name: 'mine' } }, 'backup_not_found'],
      ['showVault', { vault_id: source.source.id }, 'vault_not_found'],
      ['showCheckpoint', { checkpoint_id: run.operation_id }, 'checkpoint_not_found'],
      ['deleteBackup', { backup_id: item?.backup_id }, 'backup_not_found'],
      ['verifyBackup', { backup_id: item?.backup_id, level: 'content' }, 'backup_not_found'],
      ['showOperation', { operation_id: operation?.id }, 'operation_not_found'],
      ['showOperationLog', { operation_log_id: operation?.id }, 'operation_log_not_found'],
      ['showSource', { source_id: source.source.id }, 'source_not_found'],
      ['showOperationLog', { operation_log_id: scan.operation_id }, 'operation_log_not_found'],
      ['cancelOperation', { operation_id: scan.operation_id }, 'operation_not_found'],
      ['cancelOperation', { operation_id: plan.operation_id }, 'operation_not_found'],
      ['listScanFindings', { operation_id: scan.operation_id }, 'operation_not_found'],
      ['listPlanItems', { operation_id: plan.operation_id }, 'operation_not_found'],
      ['scanSource', { source_id: source.source.id }, 'source_not_found'],
      ['pauseSource', { source_id: source.source.id }, 'source_not_found'],
      ['resumeSource', { source_id: source.source.id }, 'source_not_found'],
      ['confirmSource', { source_id: source.source.id }, 'source_not_found'],
      ['removeSource', { source_id: source.source.id }, 'source_not_found'],
      ['syncCheckpoint', { sync: { vault_id: source.source.id, auto_trigger: true } }, 'source_not_found'],
    ];
    for (const [name, input, code] of asked) {
      await expect(as(first, name, input), name).rejects.toMatchObject({ code });
    }
    // A marker of the other project shows no more than a first page.
    for (const [name, marker] of [
      ['listBackups', item?.backup_id],
      ['listOperationLogs', operation?.id],
      ['listOperations', scan.operation_id],
      ['listVaults', source.source.id],
    ] as const) {
      const from = (input: object) =>
        as(first, name, input).then(JSON.stringify, (error: { code: string }) => error.code);
      expect(await from({ marker }), name).toBe(await from({ marker: crypto.randomUUID() }));
    }
    // The refused calls changed nothing.
    expect(await call('listSources', {})).toMatchObject({ sources: [{ id: source.source.id, status: 'active' }] });
    expect(await as(projectId, 'listBackups', {})).toMatchObject({ count: 2 });
  });

  test('keeps its records when the grant is revoked, but no longer reads the bucket', async () => {
    await using opened = await openWithTwoProjects();
    const { as, call, first, sync, ours, projectId, folder } = opened;
    const [item] = ours;
    await sync(ours);
    const { source } = await call('addSource', { name: 'own', bucket_name: bucket, prefix: folder });
    const grant = { target_project_id: projectId, bucket_name: bucket, prefix: folder };
    await as(first, 'revokeBucket', grant);
    expect(await call('showBackup', { backup_id: item?.backup_id ?? '' })).toMatchObject({
      backup: { status: 'available' },
    });
    for (const [name, input] of [
      ['syncBackups', { sync: ours }],
      ['verifyBackup', { backup_id: item?.backup_id, level: 'content' }],
      ['scanSource', { source_id: source.id }],
      ['syncCheckpoint', { sync: { vault_id: source.id, auto_trigger: true } }],
    ] as const) {
      await expect(call(name, input), name).rejects.toMatchObject({ code: 'bucket_not_bound' });
    }
    await expect(as(first, 'revokeBucket', grant)).rejects.toMatchObject({ code: 'bucket_grant_not_found' });
  });
});

test('a grant for a project that does not exist is refused', async () => {
  await using opened = await openWithTwoProjects();
  const grant = { target_project_id: 'nowhere', bucket_name: bucket };
  await expect(opened.as(opened.first, 'grantBucket', grant)).rejects.toMatchObject({ code: 'project_not_found' });
});

test('a user who is not an administrator sees only the grants of their own project', async () => {
  await using opened = await openWithTwoProjects();
  const { engine, first, projectId } = opened;
  const listAs = async (role: 'reader' | 'administrator', project: string) => {
    const caller = { kind: 'user', name: 'ada', projectId: project, role } as const;
    return (await engine.call('listBucketGrants', { caller, requestId: 'r' }, { project_id: project })).grants.length;
  };
  expect(await listAs('reader', first)).toBe(0);
  expect(await listAs('reader', projectId)).toBe(1);
  expect(await listAs('administrator', first)).toBe(1);
});

test('a parent in another project’s bucket is not looked for there', async () => {
  await using opened = await openWithTwoProjects();
  const { as, buckets, first, call, sync, projectId } = opened;
  const volume = new Uint8Array(4096).fill(7);
  const plan = { createdAtMs: Date.UTC(2026, 0, 1), volume, objectBytes: 2048, blockBytes: 512 };
  const parent = writeManifestBackup({ ...plan, backupId: 'full', imagePath: 'disks/full' });
  const parentPlace = { bucket_name: 'private', image_path: 'disks/full' };
  const child = writeManifestBackup({ ...plan, backupId: 'day-1', imagePath: 'disks/day-1', parent, parentPlace });
  await buckets.put('private', parent.objects);
  await buckets.put('own', child.objects);
  await as(first, 'grantBucket', { target_project_id: projectId, bucket_name: 'own' });
  const item = {
    backup_id: 'day-1',
    backup_name: 'day-1',
    bucket_name: 'own',
    image_path: 'disks/day-1',
    resource_id: 'disk',
    resource_name: 'disk',
    resource_type: 'OS::Native::Server',
    created_at: 1_767_225_600,
  };
  const [refused] = await sync([item]);
  expect(refused).toMatchObject({ status: 'failed', reason: { code: 'access_denied' } });
  expect(refused?.reason?.message).toContain('private/disks/full');
  await as(first, 'grantBucket', { target_project_id: projectId, bucket_name: 'private', prefix: 'disks' });
  expect(await sync([item])).toMatchObject([{ status: 'success' }]);
  expect(await call('showBackup', { backup_id: 'day-1' })).toMatchObject({ backup: { status: 'available' } });
});
