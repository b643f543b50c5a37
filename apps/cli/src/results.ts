import type { Reason } from '@backup-sync/contracts';
import type { CbrBackup, CbrOperationLog } from '@backup-sync/core';
import { printTable } from './print-table.ts';
import { formatBytes, printable } from './printable.ts';
import type { Terminal } from './terminal.ts';

/** Prints one table row per item: the backup, the level to which it is proved, and the result or the reason. */
export function printResults(
  terminal: Terminal,
  logs: readonly CbrOperationLog[],
  backups: ReadonlyMap<string, CbrBackup>,
): void {
  printTable(
    terminal,
    [
      { heading: 'BACKUP', wraps: true, shrinksTo: 16 },
      { heading: 'RESOURCE', wraps: true, shrinksTo: 12 },
      { heading: 'LEVEL' },
      { heading: 'OBJECTS', align: 'right', drops: 1 },
      { heading: 'BYTES', align: 'right', drops: 2 },
      { heading: 'RESULT', wraps: true, shrinksTo: 20 },
    ],
    logs.map((log) => {
      const evidence = backups.get(log.extra_info?.backup?.backup_id ?? '')?.backup_sync?.evidence;
      return [
        log.extra_info?.backup?.backup_name ?? '',
        log.extra_info?.resource?.name ?? '',
        log.backup_sync?.level ?? '-',
        evidence === undefined ? '-' : String(evidence.object_count),
        evidence === undefined ? '-' : formatBytes(evidence.stored_bytes),
        resultOf(log),
      ];
    }),
  );
}

/** The result in a word: the outcome, or the reason. */
function resultOf(log: CbrOperationLog): string {
  const { outcome = null, reason = null } = log.backup_sync ?? {};
  if (log.status === 'success') return outcome ?? log.status;
  return reason === null ? log.status : `${log.status}: ${reason.code}`;
}

/** The reasons in full, grouped by code, each group with its remedy. Empty if there are none. */
export function reasonSummary(
  items: readonly { readonly name: string; readonly reason: Reason | null }[],
  remedyOf = ({ remedy }: Reason): string => remedy,
): string {
  const groups = new Map<string, { readonly first: Reason; readonly lines: string[] }>();
  for (const { name, reason } of items) {
    if (reason === null) continue;
    const group = groups.get(reason.code) ?? { first: reason, lines: [] };
    group.lines.push(`  ${printable(name)}: ${printable(reason.message)}`);
    groups.set(reason.code, group);
  }
  return Array.from(groups.values(), ({ first, lines }) =>
    [`${first.code} (${first.number})`, ...lines, `  What to do: ${remedyOf(first)}`].join('\n'),
  ).join('\n');
}
