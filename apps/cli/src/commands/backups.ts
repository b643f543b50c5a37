import type { OperationInput, TakenAtSource } from '@backup-sync/contracts';
import type { CbrBackup } from '@backup-sync/core';
import { connect, connectToCatalogue } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { printFields, printTable } from '../print-table.ts';
import { formatBytes } from '../printable.ts';
import { jsonText, note, printJson, putOut, type Terminal } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';

export type ListBackupsFilter = Omit<OperationInput<'listBackups'>, 'project_id'>;

/** One page, or with `all` every backup that the filter lets through. */
export async function listBackupsCommand(
  { connect: where, environment, signal, terminal }: CommandContext,
  filter: ListBackupsFilter,
  all: boolean,
): Promise<number> {
  await using connection = await connectToCatalogue(where, environment);
  const { client } = connection;
  if (all) {
    const backups = client.allBackups(filter, { signal });
    if (terminal.json) await putOutAll(terminal, backups);
    else printBackups(terminal, await Array.fromAsync(backups));
    return exitCodes.done;
  }
  const page = await client.operations.listBackups(filter, { signal });
  if (terminal.json) printJson(terminal, page);
  else {
    printBackups(terminal, page.backups);
    note(terminal, `${page.backups.length} of ${page.count ?? 'many'}`);
  }
  return exitCodes.done;
}

/** As one JSON document, in the same memory for any number. */
async function putOutAll(terminal: Terminal, backups: AsyncIterable<CbrBackup>): Promise<void> {
  let before = '{"backups":[\n';
  for await (const backup of backups) {
    await putOut(terminal, before + jsonText(backup));
    before = ',\n';
  }
  await putOut(terminal, before === ',\n' ? '\n]}\n' : `${before}]}\n`);
}

function printBackups(terminal: Terminal, backups: readonly CbrBackup[]): void {
  const columns = [
    { heading: 'NAME', wraps: true, shrinksTo: 16 },
    { heading: 'RESOURCE', wraps: true, shrinksTo: 12 },
    { heading: 'STATUS' },
    { heading: 'LEVEL', drops: 3 },
    { heading: 'MADE (UTC)' },
    { heading: 'BYTES', align: 'right', drops: 2 },
    { heading: 'ID', drops: 1 },
  ] as const;
  const rows = backups.map((backup) => [
    backup.name,
    backup.resource_name,
    backup.status,
    backup.backup_sync?.level ?? '-',
    madeText(backup),
    backup.backup_sync === null ? '-' : formatBytes(backup.backup_sync.evidence.stored_bytes),
    backup.id,
  ]);
  printTable(terminal, columns, rows);
}

export async function showBackupCommand(context: CommandContext, backupId: string): Promise<number> {
  await using connection = await connectToCatalogue(context.connect, context.environment);
  const answer = await connection.client.operations.showBackup({ backup_id: backupId }, { signal: context.signal });
  if (context.terminal.json) printJson(context.terminal, answer);
  else printFields(context.terminal, describe(answer.backup));
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
    ['made (UTC)', madeText(backup)],
    ...(backup.protected_at === null ? [] : [['requested as made (UTC)', shortTime(backup.protected_at)]]),
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

/** When the backup was made, as its age is judged. A cloud tells only what the request said. */
function madeText({ backup_sync: own, protected_at: requested }: CbrBackup): string {
  if (own !== null) return `${objectTimeMark(own.taken_at_source)}${shortTime(own.taken_at)}`;
  return requested === null ? '-' : shortTime(requested);
}

/** Marks a time or an age that comes from the modification time of an object. */
export function objectTimeMark(source: TakenAtSource | null): string {
  return source === 'object' ? '~' : '';
}

/** `2026-03-01T02:00:00.000000` as `2026-03-01 02:00:00`. */
export function shortTime(wireTime: string): string {
  return wireTime.slice(0, 19).replace('T', ' ');
}
