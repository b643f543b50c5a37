import { BackupSyncError } from '@backup-sync/contracts';
import type { CbrBackup } from '@backup-sync/core';
import { connect, connectToCatalogue } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { printFields } from '../print-table.ts';
import { formatBytes } from '../printable.ts';
import { note, printJson } from '../terminal.ts';
import { madeText, shortTime } from './backups.ts';
import type { CommandContext } from './command-context.ts';
import { agrees } from './confirm.ts';
import { type BackupReference, findBackup, findBackupId } from './find-backup.ts';

export async function showBackupCommand(context: CommandContext, reference: BackupReference): Promise<number> {
  const { terminal, signal } = context;
  await using connection = await connectToCatalogue(context.connect, context.environment);
  const onPassedOver = (message: string) => note(terminal, message);
  const backup = await findBackup(connection.client.calls, reference, { signal, onPassedOver });
  if (terminal.json) printJson(terminal, { backup });
  else printFields(terminal, describe(backup));
  return exitCodes.done;
}

export async function renameBackupCommand(
  context: CommandContext,
  reference: BackupReference,
  name: string,
): Promise<number> {
  const { signal, terminal } = context;
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const { calls } = connection.client;
  const onPassedOver = (message: string) => note(terminal, message);
  const backup_id = await findBackupId(calls, reference, { signal, onPassedOver });
  const answer = await calls.updateBackup({ backup_id, backup: { name } }, { signal });
  if (terminal.json) printJson(terminal, answer);
  else {
    const given = JSON.stringify(answer.backup.name);
    note(terminal, `renamed: ${answer.backup.id} is ${given} until a sync request changes the name`);
  }
  return exitCodes.done;
}

/** Deletes the record of a backup, by its full id. Asks first at a terminal, unless `yes` says not to. */
export async function deleteBackupCommand(context: CommandContext, backupId: string, yes: boolean): Promise<number> {
  const { signal } = context;
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const { calls } = connection.client;
  const question = async () => {
    const { backup } = await calls.showBackup({ backup_id: backupId }, { signal });
    const what = `${backup.name} of ${backup.resource_name}, taken ${madeText(backup)}`;
    return `Remove backup ${backupId} (${what}) from the catalogue? Its objects stay in the bucket.`;
  };
  if (!(await agrees(context, yes, question))) return exitCodes.failure;
  try {
    await calls.deleteBackup({ backup_id: backupId }, { signal });
  } catch (error) {
    if (!(error instanceof BackupSyncError) || error.code !== 'backup_not_found') throw error;
    const message = `no backup has the id ${JSON.stringify(backupId)}; delete needs the full id, not a name`;
    throw new BackupSyncError('backup_not_found', message, { cause: error });
  }
  const again = 'To import it again, sync a list that names it: scans leave it out.';
  note(context.terminal, `removed: ${backupId}. Its objects stay in the bucket. ${again}`);
  return exitCodes.done;
}

/** The resource with its type, and with its id if it has another name. */
function resourceText({ resource_id: id, resource_name: name, resource_type: type }: CbrBackup): string {
  return name === id ? `${id} (${type})` : `${name} (${id}, ${type})`;
}

function describe(backup: CbrBackup): string[][] {
  return [
    ['id', backup.id],
    ['name', backup.name],
    ['status', backup.status],
    ['resource', resourceText(backup)],
    ['taken (UTC)', madeText(backup)],
    ...(backup.protected_at === null ? [] : [['time in the request (UTC)', shortTime(backup.protected_at)]]),
    ['recorded (UTC)', shortTime(backup.created_at)],
    ['parent', backup.parent_id ?? '-'],
    ...(backup.backup_sync === null ? [] : describeProof(backup.backup_sync)),
  ];
}

function describeProof(proof: NonNullable<CbrBackup['backup_sync']>): string[][] {
  return [
    ...(proof.time_contradiction === null ? [] : [['times contradict', proof.time_contradiction]]),
    ['place', `${proof.bucket_name}/${proof.image_path}`],
    ['format', proof.format],
    ['level', proof.level ?? '-'],
    ['ceiling', proof.ceiling ?? '-'],
    ...proof.gaps.map(({ level, message }) => [`gap at ${level}`, message]),
    ...proof.facts.map(({ at, message }) => [`shown ${shortTime(at)}`, message]),
    ['proved (UTC)', proof.verified_at === null ? '-' : `${shortTime(proof.verified_at)} by ${proof.check_version}`],
    ['objects', String(proof.evidence.object_count)],
    ['bytes', formatBytes(proof.evidence.stored_bytes)],
    ['evidence', proof.evidence.digest],
    ['SHA-256 of the volume', proof.evidence.volume_sha256 ?? '-'],
    ...proof.evidence.expanded.map(({ disk, size, expanded_sha256: sha256 }) => [
      disk === null ? 'expands to' : `disk ${disk} expands to`,
      `${formatBytes(size)}, SHA-256 ${sha256} (not compared: the format has no hash of it)`,
    ]),
    ...(proof.reason === null
      ? []
      : [
          ['reason', `${proof.reason.code} (${proof.reason.number}): ${proof.reason.message}`],
          ['what to do', proof.reason.remedy],
        ]),
  ];
}
