import { type CallInput, counted, type TakenAtSource } from '@backup-sync/contracts';
import type { CbrBackup } from '@backup-sync/core';
import { connectToCatalogue } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { printTable } from '../print-table.ts';
import { formatBytes } from '../printable.ts';
import { jsonText, note, printJson, putOut, type Terminal } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';

export type ListBackupsFilter = Omit<CallInput<'listBackups'>, 'project_id'>;

/** Lists one page of backups, or with `all` every backup that matches the filter. */
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
  const page = await client.calls.listBackups(filter, { signal });
  if (terminal.json) printJson(terminal, page);
  else {
    printBackups(terminal, page.backups);
    const total = typeof page.count === 'number' ? counted(page.count, 'backup') : 'many backups';
    note(terminal, `${page.backups.length} of ${total}`);
  }
  return exitCodes.done;
}

/** Writes one JSON document. Memory does not grow with the number of backups. */
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
    { heading: 'TAKEN (UTC)' },
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

/** The time from which the age of a backup counts. A cloud has only the time in the request. */
export function madeText({ backup_sync: own, protected_at: requested }: CbrBackup): string {
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
