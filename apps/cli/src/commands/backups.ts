import type { OperationInput } from '@backup-sync/contracts';
import type { CbrBackup } from '@backup-sync/core';
import { connect } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { formatBytes, formatTable } from '../table.ts';
import { note, print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';

export type ListBackupsFilter = Omit<OperationInput<'listBackups'>, 'project_id'>;

export async function listBackupsCommand(context: CommandContext, filter: ListBackupsFilter): Promise<number> {
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const page = await connection.client.operations.listBackups(filter, { signal: context.signal });
  if (context.terminal.json) printJson(context.terminal, page);
  else {
    const rows = page.backups.map((backup) => [
      backup.id,
      backup.name,
      backup.resource_name,
      backup.status,
      backup.backup_sync?.level ?? '-',
      backup.backup_sync === null ? '-' : formatBytes(backup.backup_sync.evidence.stored_bytes),
      backup.protected_at === null ? '-' : shortTime(backup.protected_at),
    ]);
    const headings = ['ID', 'NAME', 'RESOURCE', 'STATUS', 'LEVEL', 'BYTES', 'MADE (UTC)'];
    print(
      context.terminal,
      formatTable(
        headings.map((heading) => ({ heading })),
        rows,
      ),
    );
    note(context.terminal, `${page.backups.length} of ${page.count ?? 'many'}`);
  }
  return exitCodes.done;
}

export async function showBackupCommand(context: CommandContext, backupId: string): Promise<number> {
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const answer = await connection.client.operations.showBackup({ backup_id: backupId }, { signal: context.signal });
  if (context.terminal.json) printJson(context.terminal, answer);
  else print(context.terminal, formatTable([{ heading: 'FIELD' }, { heading: 'VALUE' }], describe(answer.backup)));
  return exitCodes.done;
}

export async function deleteBackupCommand(context: CommandContext, backupId: string): Promise<number> {
  await using connection = await connect(context.connect, context.environment, context.onFault);
  await connection.client.operations.deleteBackup({ backup_id: backupId }, { signal: context.signal });
  note(context.terminal, `forgotten: ${backupId}. The bucket was not touched; a sync brings it back.`);
  return exitCodes.done;
}

function describe(backup: CbrBackup): string[][] {
  return [
    ['id', backup.id],
    ['name', backup.name],
    ['status', backup.status],
    ['resource', `${backup.resource_name} (${backup.resource_id}, ${backup.resource_type})`],
    ['made (UTC)', backup.protected_at === null ? '-' : shortTime(backup.protected_at)],
    ['recorded (UTC)', shortTime(backup.created_at)],
    ['parent', backup.parent_id ?? '-'],
    ...(backup.backup_sync === null ? [] : describeProof(backup.backup_sync)),
  ];
}

function describeProof(proof: NonNullable<CbrBackup['backup_sync']>): string[][] {
  return [
    ['place', `${proof.bucket_name}/${proof.image_path}`],
    ['format', proof.format],
    ['level', proof.level ?? '-'],
    ['proved (UTC)', proof.verified_at === null ? '-' : `${shortTime(proof.verified_at)} by ${proof.check_version}`],
    ['objects', String(proof.evidence.object_count)],
    ['bytes', formatBytes(proof.evidence.stored_bytes)],
    ['evidence', proof.evidence.digest],
    ...(proof.reason === null
      ? []
      : [
          ['reason', `${proof.reason.code} (${proof.reason.number}): ${proof.reason.message}`],
          ['what to do', proof.reason.remedy],
        ]),
  ];
}

/** `2026-03-01T02:00:00.000000` as `2026-03-01 02:00:00`. */
export function shortTime(wireTime: string): string {
  return wireTime.slice(0, 19).replace('T', ' ');
}
