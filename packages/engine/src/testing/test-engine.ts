import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Backup, type BackupSyncInput, hasEnded, type OperationLog } from '@backup-sync/contracts';
import type { Clock } from '../clock.ts';
import type { Engine } from '../engine.ts';
import { openEmbeddedEngine } from '../open-embedded-engine.ts';

export type TestEngine = AsyncDisposable & {
  readonly engine: Engine;
  readonly projectId: string;
  readonly caller: Parameters<Engine['call']>[1];
  readonly faults: unknown[];
  /** Syncs and follows to the end; the logs in the order of the items. */
  sync(...items: readonly BackupSyncInput[]): Promise<OperationLog[]>;
  /** Follows an operation to its end. */
  ended(operationLogId: string): Promise<OperationLog>;
  show(backupId: string): Promise<Backup>;
};

/** A real engine over a directory of buckets, with a catalogue of its own. */
export async function openTestEngine(bucketsDirectory: string, clock?: Clock): Promise<TestEngine> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'backup-sync-engine-'));
  const faults: unknown[] = [];
  const engine = await openEmbeddedEngine({
    dataDirectory,
    storage: `file:${bucketsDirectory}`,
    onFault: (_place, error) => faults.push(error),
    ...(clock !== undefined && { clock }),
  });
  const projectId = engine.identity.project.id;
  const caller = {
    caller: { kind: 'system', name: 'test', projectId, role: 'administrator' },
    requestId: 'r',
  } as const;
  const ended = async (id: string): Promise<OperationLog> => {
    while (true) {
      const input = { project_id: projectId, operation_log_id: id };
      const { operation_log: log } = await engine.call('showOperationLog', caller, input);
      if (hasEnded(log.status)) return log;
    }
  };
  return {
    engine,
    projectId,
    caller,
    faults,
    ended,
    async sync(...items) {
      const { sync } = await engine.call('syncBackups', caller, { project_id: projectId, sync: items });
      return Promise.all(sync.map(({ operation_log_id }) => ended(operation_log_id)));
    },
    async show(backupId) {
      return (await engine.call('showBackup', caller, { project_id: projectId, backup_id: backupId })).backup;
    },
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}
