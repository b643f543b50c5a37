import { type BackupSync, BackupSyncError, describeReason, fromWireTime } from '@backup-sync/contracts';
import type { CbrBackup } from '@backup-sync/core';
import { connect } from '../connect.ts';
import { exitCodes, UsageError } from '../failure.ts';
import { storageEnvironment } from '../network.ts';
import { formatBytes } from '../printable.ts';
import { liveLine } from '../progress.ts';
import { note, printFailure } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import { type BackupReference, findBackupId } from './find-backup.ts';

/**
 * Writes a volume of a recorded backup to a file or standard output, and checks each block before it writes it. The
 * record comes from the server or the local catalogue, which audits who asked for it. This machine reads the objects.
 */
export async function extractCommand(
  context: CommandContext,
  reference: BackupReference,
  options: { readonly output: string; readonly replace: boolean; readonly disk?: string },
): Promise<number> {
  const { terminal, signal, environment } = context;
  const storage = context.connect.storage ?? environment.BACKUP_SYNC_STORAGE;
  if (storage === undefined) {
    throw new UsageError(
      'no storage unit is given, and this machine reads the objects itself: set --storage or BACKUP_SYNC_STORAGE',
    );
  }
  await using connection = await connect(context.connect, environment, context.onFault);
  const { calls } = connection.client;
  const onPassedOver = (message: string) => note(terminal, message);
  const id = await findBackupId(calls, reference, { signal, onPassedOver });
  const { backup } = await calls.beginExtraction({ backup_id: id }, { signal });
  const place = placeOf(backup);
  const { grants } = await calls.listBucketGrants({}, { signal });
  const item: BackupSync = {
    backup_id: backup.id,
    backup_name: backup.name,
    bucket_name: place.bucket_name,
    image_path: place.image_path,
    resource_id: backup.resource_id,
    resource_name: backup.resource_name,
    resource_type: backup.resource_type,
    created_at: Math.floor(fromWireTime(backup.protected_at ?? backup.created_at) / 1000),
  };
  const { extractBackup } = await import('@backup-sync/engine');
  const live = liveLine(terminal);
  const extracted = await extractBackup({
    storage,
    environment: storageEnvironment(context.connect, environment),
    item,
    // An administrator gets the grants of every project.
    grants: grants.filter(({ project_id }) => project_id === backup.project_id),
    output:
      options.output === '-'
        ? { stream: terminal.output }
        : {
            path: options.output,
            replace: options.replace,
            onPartialReplaced: () =>
              note(terminal, `replacing ${options.output}.partial, left by an extraction that was killed`),
          },
    disk: options.disk ?? null,
    signal,
    locate: async (id) => {
      try {
        const found = placeOf((await calls.showBackup({ backup_id: id }, { signal })).backup);
        return [{ storageUnitId: found.storage_unit, bucketName: found.bucket_name, imagePath: found.image_path }];
      } catch (error) {
        if (error instanceof BackupSyncError && error.code === 'backup_not_found') return [];
        throw error;
      }
    },
    recordedBuckets: () => bucketsOf(connection.client.allBackups({}, { signal })),
    onProgress: ({ replayedBytes, volumeBytes }) =>
      live.show(`extracting: ${formatBytes(replayedBytes)} of ${formatBytes(volumeBytes)}`),
  }).finally(() => live.stop());
  if (extracted.fault !== null) {
    const { message, number, remedy } = describeReason(extracted.fault.code, extracted.fault.detail);
    const noFile = options.output === '-' ? 'Do not use the output. ' : 'No file was written. ';
    const unrecorded = ` The record is unchanged: to update it, run "backup-sync verify ${id} --level replay".`;
    printFailure(terminal, { exitCode: 3, code: number, message, remedy: noFile + remedy + unrecorded, problems: [] });
    return exitCodes.someItemsFailed;
  }
  const limit = extracted.limit === null ? '' : `; ${extracted.limit}`;
  const uncompared = extracted.isCompared ? '' : ` (expanded, not compared: the format has no hash of it${limit})`;
  note(terminal, `wrote ${formatBytes(extracted.volumeBytes)}, SHA-256 ${extracted.sha256}${uncompared}`);
  return exitCodes.done;
}

async function bucketsOf(backups: AsyncIterable<CbrBackup>): Promise<ReadonlySet<string>> {
  const buckets = new Set<string>();
  for await (const backup of backups) buckets.add(placeOf(backup).bucket_name);
  return buckets;
}

/** The location of a backup, which only a backup-sync server or catalogue returns. */
function placeOf(backup: CbrBackup): NonNullable<CbrBackup['backup_sync']> {
  if (backup.backup_sync !== null) return backup.backup_sync;
  throw new BackupSyncError('not_supported', `the service does not return the location of backup ${backup.id}`);
}
