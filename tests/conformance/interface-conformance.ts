import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examples } from '../../apps/cli/src/testing.ts';
import { askUntilNotNull } from '../../apps/gateway/src/testing.ts';
import {
  type BackupSyncError,
  type BackupSyncInput,
  type ErrorCode,
  hasEnded,
  type UnaryCallName,
  unaryCallNames,
} from '../../packages/contracts/src/index.ts';
import type { Door } from './door.ts';
import { hookConformance } from './hook-conformance.ts';
import { identityConformance } from './identity-conformance.ts';

const unknownId = '01900000-0000-7000-8000-000000000000';

/**
 * Tests of the table of calls, the same for every interface. Each opens with a separate catalogue and the shipped
 * examples. One of the examples is broken on purpose.
 */
export function interfaceConformance(name: string, open: () => Promise<Door>): void {
  describe(`the interface ${name}`, () => {
    let door: Door;
    let items: BackupSyncInput[];
    let accepted: readonly { readonly backup_id: string; readonly operation_log_id: string }[];
    const called = new Set<UnaryCallName>();
    const call: Door['call'] = (name, input) => {
      called.add(name);
      return door.call(name, input);
    };
    const refused = (code: ErrorCode) => expect.objectContaining({ code });
    const has = (name: UnaryCallName) => door.joined[name] === undefined;

    async function ended(operationId: string) {
      const look = async () => {
        const { operation } = await call('showOperation', { operation_id: operationId });
        return hasEnded(operation.status) ? operation : null;
      };
      return await askUntilNotNull(look);
    }

    beforeAll(async () => {
      door = await open();
      items = JSON.parse(await readFile(join(examples, 'sync-request.json'), 'utf8')).sync;
      accepted = (await call('syncBackups', { sync: items })).sync;
    }, 60_000);
    afterAll(() => door[Symbol.asyncDispose]());

    /** Compares the source with its vault in the form of CBR. */
    async function checkVault(vault_id: string, checkpoint_id: string) {
      const { vault } = await call('showVault', { vault_id });
      expect(vault).toMatchObject({ id: vault_id, name: 'nightly', billing: { storage_unit: 'volumebackups' } });
      expect((await call('listVaults', { name: 'nightly' })).vaults).toEqual([vault]);
      expect((await call('showCheckpoint', { checkpoint_id })).checkpoint).toMatchObject({
        id: checkpoint_id,
        status: 'error',
        vault: { id: vault_id, name: 'nightly' },
      });
      await expect(call('showVault', { vault_id: unknownId })).rejects.toEqual(refused('vault_not_found'));
      const unknown = call('showCheckpoint', { checkpoint_id: unknownId });
      await expect(unknown).rejects.toEqual(refused('checkpoint_not_found'));
    }

    async function finished() {
      const logs = await Promise.all(
        accepted.map(async ({ operation_log_id }) => {
          const look = async () => {
            const { operation_log: log } = await call('showOperationLog', { operation_log_id });
            return hasEnded(log.status) ? log : null;
          };
          return await askUntilNotNull(look);
        }),
      );
      return logs;
    }

    test('a caller can ask who it is', async () => {
      await finished();
      const { caller } = await call('showCaller', {});
      const { backups } = await call('listBackups', { limit: 1 });
      expect(caller).toMatchObject({ kind: 'system', role: 'administrator', project_name: 'default' });
      expect(caller.project_id).toBe(backups[0]?.project_id);
    });

    test('a sync answers the items in their order, and each has its own result', async () => {
      expect(accepted.map(({ backup_id }) => backup_id)).toEqual(items.map(({ backup_id }) => backup_id));
      const logs = await finished();
      expect(logs.map(({ status }) => status)).toEqual(['success', 'success', 'success', 'success', 'failed']);
      expect(logs[4]?.backup_sync.reason?.code).toBe('object_missing');
    });

    test('an invalid request is refused as a whole, with every problem and its place', async () => {
      const [first, second] = items as [BackupSyncInput, BackupSyncInput];
      const sync = [first, { ...second, backup_name: '' }];
      for (const name of ['syncBackups', 'importBackups', 'planSync'] as const) {
        const error: BackupSyncError = await call(name, { sync }).then(
          () => expect.fail(`${name} took it`),
          (thrown) => thrown,
        );
        expect(error).toMatchObject({
          code: 'invalid_request',
          problems: [{ place: 'sync[1].backup_name', message: 'must have 1 to 64 characters, has 0' }],
        });
      }
    });

    test('a repeated import finds the backups unchanged, also with their ancestors', async () => {
      await finished();
      const { plan } = await call('planSync', { sync: items });
      expect(plan.map(({ class: planned }) => planned)).toEqual([...Array(4).fill('same'), 'broken']);
      const { sync } = await call('importBackups', { sync: items.slice(0, 1), with_ancestors: true });
      expect((await ended(sync[0]?.operation_log_id ?? '')).status).toBe('success');
    });

    test('storage is checked with the requests of a sync', async () => {
      if (!has('checkStorage')) return;
      const { catalogue, buckets } = await call('checkStorage', { bucket_names: ['volumebackups', 'nowhere'] });
      expect(catalogue).toBe(null);
      expect(buckets).toMatchObject([
        { list: 'allowed', head: 'allowed', get: 'allowed', refusals: [] },
        { list: 'refused', get: 'not_tried', refusals: [{ request: 'list', reason: { code: 'bucket_not_found' } }] },
      ]);
    });

    test('backups are listed by filter, in order and by page', async () => {
      await finished();
      const first = await call('listBackups', { sort: 'name:asc', limit: 2 });
      expect(first.backups.map((backup) => backup.name)).toEqual(['database-disk-day-1', 'database-disk-day-2']);
      expect(first).toMatchObject({ count: 5, limit: 2 });
      const marker = first.backups.at(-1)?.id ?? '';
      const rest = await call('listBackups', { sort: 'name:asc', marker });
      expect(rest.backups.map((backup) => backup.name)).toEqual(['database-disk-full', 'mail-disk-full', 'web-server']);
      expect((await call('listBackups', { status: 'error' })).backups.map((backup) => backup.name)).toEqual([
        'mail-disk-full',
      ]);
      // @ts-expect-error: no backup has this.
      await expect(call('listBackups', { sort: 'colour' })).rejects.toEqual(refused('invalid_request'));
    });

    test('resources are listed with the newest backup of each that is proved to a level', async () => {
      await finished();
      const { resources, count } = await call('listResources', { level: 'linkage' });
      expect(count).toBe(resources.length);
      const [disk] = resources.filter(({ resource_name }) => resource_name === 'database-disk');
      const newest = await call('listBackups', { name: 'database-disk-day-2' });
      expect(disk).toMatchObject({
        backups: 3,
        proved_backups: 3,
        newest_proved_backup_id: newest.backups[0]?.id,
        newest_proved_at: newest.backups[0]?.backup_sync.taken_at,
        newest_proved_at_source: 'format',
      });
      const mail = resources.find(({ resource_name }) => resource_name === 'mail-disk');
      expect(mail).toMatchObject({ backups: 1, proved_backups: 0, newest_proved_age_s: null });
      const unknown = call('listResources', { source_id: unknownId });
      await expect(unknown).rejects.toEqual(refused('source_not_found'));
    });

    test('resources are listed with the worst first, and counted', async () => {
      await finished();
      const { resources, sort } = await call('listResources', { level: 'linkage', sort: 'worst' });
      expect(sort).toBe('worst');
      const ages = resources.map(({ newest_proved_age_s: age }) => age ?? Number.POSITIVE_INFINITY);
      expect(ages).toEqual(ages.toSorted((one, other) => (one === other ? 0 : other - one)));
      const unproved = ages.filter((age) => age === Number.POSITIVE_INFINITY).length;
      if (!has('showStanding')) return;
      const { standing } = await call('showStanding', { level: 'linkage' });
      expect(standing).toMatchObject({
        ...{ resources: resources.length, unproved, late: null, retired: 0 },
        summary: `${unproved} of ${resources.length} resources have no backup proved to linkage; ${resources.length - unproved} OK`,
      });
    });

    test('the overview of a resource shows its recent backups and each verification of them', async () => {
      await finished();
      if (!has('listVerifications')) return;
      const page = { level: 'presence', sort: 'worst', include: 'recent', limit: 1 } as const;
      const { resources, next_marker } = await call('listResources', page);
      const failed = { failed_since: 1, failed_reason: { code: 'object_missing' }, history: [{ status: 'error' }] };
      expect(resources).toMatchObject([{ resource_name: 'mail-disk', recent: failed }]);
      const next = await call('listResources', { ...page, marker: next_marker ?? '' });
      expect(next.resources.map(({ resource_name }) => resource_name)).not.toEqual(['mail-disk']);
      const named = await call('listResources', { resource_name: 'database-disk', include: 'recent' });
      const [shown] = named.resources;
      expect(shown?.recent).toMatchObject({ newest_proved_level: 'linkage', failed_since: 0, failed_reason: null });
      const backup_id = shown?.newest_proved_backup_id ?? '';
      const { verifications } = await call('listVerifications', { backup_id });
      expect(verifications[0]).toMatchObject({ level: 'linkage', reason: null });
      const { backup } = await call('showBackup', { backup_id });
      expect(shown?.recent?.newest_proved_verified_at).toBe(backup.backup_sync.verified_at);
      const unknown = call('listVerifications', { backup_id: unknownId });
      await expect(unknown).rejects.toEqual(refused('backup_not_found'));
      const wrong = [
        { standing: 'late' },
        { sort: 'worst', standing: 'late' },
        { sort: 'worst', marker: 'x' },
      ] as const;
      for (const each of wrong) {
        await expect(call('listResources', each)).rejects.toEqual(refused('invalid_request'));
      }
    });

    test('operations are counted by the day of their end', async () => {
      await finished();
      if (!has('countOperationDays')) return;
      const { operations } = await call('listOperations', { kind: 'import', status: 'failed' });
      const today = operations[0]?.ended_at?.slice(0, 10) ?? '';
      const tomorrow = new Date(Date.parse(today) + 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
      const { days } = await call('countOperationDays', { from: today, to: tomorrow, kind: 'import' });
      expect(days).toContainEqual({ date: today, kind: 'import', status: 'failed', operations: operations.length });
      const wrong = [
        { from: tomorrow, to: today },
        { from: '2024-01-01', to: '2026-01-01' },
        { from: '2026-02-30', to: today },
      ];
      for (const each of wrong) {
        await expect(call('countOperationDays', each)).rejects.toEqual(refused('invalid_request'));
      }
    });

    test('a resource is retired and unretired', async () => {
      await finished();
      const { resource_id } = items[0] as BackupSyncInput;
      const retired = await call('retireResource', { resource_id });
      expect(retired.resource).toMatchObject({ resource_id, retired_at: expect.any(String) });
      const { resources } = await call('listResources', { level: 'linkage' });
      expect(resources.find((resource) => resource.resource_id === resource_id)).toMatchObject({
        retired_at: retired.resource.retired_at,
      });
      expect((await call('unretireResource', { resource_id })).resource.retired_at).toBeNull();
      for (const name of ['retireResource', 'unretireResource'] as const) {
        await expect(call(name, { resource_id: unknownId })).rejects.toEqual(refused('resource_not_found'));
      }
    });

    test('a backup is renamed, and a sync of the same request keeps the name', async () => {
      await finished();
      const [item] = items as [BackupSyncInput];
      const { backup_id } = item;
      const { backup } = await call('updateBackup', { backup_id, backup: { name: 'before the migration' } });
      expect(backup).toMatchObject({ id: backup_id, name: 'before the migration' });
      const { sync } = await call('syncBackups', { sync: [item] });
      await ended(sync[0]?.operation_log_id ?? '');
      expect((await call('showBackup', { backup_id })).backup.name).toBe('before the migration');
      await call('updateBackup', { backup_id, backup: { name: item.backup_name } });
      const unknown = call('updateBackup', { backup_id: unknownId, backup: { name: 'x' } });
      await expect(unknown).rejects.toEqual(refused('backup_not_found'));
    });

    test('a backup is shown with its proof, and deleted once', async () => {
      await finished();
      const [{ backup_id }] = items.slice(-2) as [BackupSyncInput];
      expect((await call('showBackup', { backup_id })).backup.backup_sync).toMatchObject({ level: 'presence' });
      await call('deleteBackup', { backup_id });
      await expect(call('showBackup', { backup_id })).rejects.toEqual(refused('backup_not_found'));
      await expect(call('deleteBackup', { backup_id })).rejects.toEqual(refused('backup_not_found'));
      await call('syncBackups', { sync: items.slice(-2, -1) });
    });

    test('operation logs are listed, and an unknown operation is refused', async () => {
      await finished();
      const failed = await call('listOperations', { status: 'failed', kind: 'import' });
      expect(failed.operations.map((operation) => operation.backup_name)).toContain('mail-disk-full');
      if (has('listOperationLogs')) {
        const { operation_logs: logs } = await call('listOperationLogs', { status: 'failed' });
        expect(logs.map(({ extra_info }) => extra_info.backup?.backup_name)).toContain('mail-disk-full');
      }
      await expect(call('showOperation', { operation_id: unknownId })).rejects.toEqual(refused('operation_not_found'));
      await expect(call('cancelOperation', { operation_id: unknownId })).rejects.toEqual(
        refused('operation_not_found'),
      );
      await expect(call('listBackups', { project_id: 'another' })).rejects.toEqual(refused('project_not_allowed'));
    });

    test('a source is added once, paused, resumed and removed', async () => {
      const { source } = await call('addSource', { bucket_name: 'volumebackups', name: 'nightly' });
      const again = call('addSource', { bucket_name: 'volumebackups', name: 'nightly' });
      await expect(again).rejects.toEqual(refused('source_name_taken'));
      const { sources } = await call('listSources', {});
      expect(sources.map((each) => each.name)).toEqual(['nightly']);
      const source_id = source.id;
      expect((await call('showSource', { source_id })).source).toEqual(source);
      const edited = await call('updateSource', { source_id, level: 'inventory' });
      expect(edited.source).toEqual({ ...source, level: 'inventory' });
      expect((await call('pauseSource', { source_id })).source.status).toBe('paused');
      expect((await call('resumeSource', { source_id })).source.status).not.toBe('paused');
      if (has('scanSource')) {
        const { operation_id } = await call('scanSource', { source_id });
        // A run ends with its imports, and one of the examples is broken on purpose.
        const broken = { status: 'failed', reason: { code: 'object_missing' } };
        expect(await ended(operation_id)).toMatchObject(broken);
        expect(await call('showSource', { source_id })).toMatchObject({
          error_count: 1,
          errors: [{ reason: broken.reason }],
        });
        await expect(call('confirmSource', { source_id })).rejects.toEqual(refused('source_not_held'));
        const { sync } = await call('syncCheckpoint', { sync: { vault_id: source_id, auto_trigger: false } });
        expect(await ended(sync.operation_log_id)).toMatchObject(broken);
        if (has('showVault')) await checkVault(source_id, sync.operation_log_id);
      }
      await call('removeSource', { source_id });
      await expect(call('showSource', { source_id })).rejects.toEqual(refused('source_not_found'));
    });

    test('a scan finds the backups of a bucket, and a verification reads them', async () => {
      if (!has('startScan')) return;
      await finished();
      const { operation_id } = await call('startScan', { bucket_name: 'volumebackups' });
      expect((await ended(operation_id)).status).toBe('success');
      const { findings } = await call('listScanFindings', { operation_id });
      expect(findings).toHaveLength(4);
      const unknown = call('listScanFindings', { operation_id: unknownId });
      await expect(unknown).rejects.toEqual(refused('operation_not_found'));
      const planned = await call('startPlan', { bucket_name: 'volumebackups' });
      expect((await ended(planned.operation_id)).status).toBe('success');
      const { plan } = await call('listPlanItems', { operation_id: planned.operation_id });
      expect(plan).toHaveLength(4);
      const backup_id = items[0]?.backup_id ?? '';
      const verification = await call('verifyBackup', { backup_id, level: 'replay' });
      expect((await ended(verification.operation_id)).status).toBe('success');
      const { backup_sync: proof } = (await call('showBackup', { backup_id })).backup;
      expect(proof).toMatchObject({
        level: 'replay',
        facts: [],
        evidence: { volume_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      });
      const none = call('verifyBackup', { backup_id: unknownId, level: 'content' });
      await expect(none).rejects.toEqual(refused('backup_not_found'));
    });

    test('an extraction gets the location of the backup, and is refused for an unknown one', async () => {
      if (!has('beginExtraction')) return;
      await finished();
      const backup_id = items[0]?.backup_id ?? '';
      const { backup } = await call('beginExtraction', { backup_id });
      expect(backup).toEqual((await call('showBackup', { backup_id })).backup);
      const none = call('beginExtraction', { backup_id: unknownId });
      await expect(none).rejects.toEqual(refused('backup_not_found'));
    });

    hookConformance(call, refused);
    identityConformance(call, refused);

    // Streams have no answer to compare. event-store-conformance.ts and the tests of the gateway cover them.
    test('makes every call of the table that answers once', () => {
      expect(unaryCallNames.filter((name) => !called.has(name) && has(name))).toEqual([]);
    });
  });
}
