import type { Reason } from '@backup-sync/contracts';
import type { CbrBackup, CbrOperationLog } from '@backup-sync/core';
import { formatBytes, formatTable, printable } from './table.ts';

/** One table row an item: what was imported, how far it is proved, and the result or the reason. */
export function resultsTable(logs: readonly CbrOperationLog[], backups: ReadonlyMap<string, CbrBackup>): string {
  return formatTable(
    [
      { heading: 'BACKUP' },
      { heading: 'RESOURCE' },
      { heading: 'LEVEL' },
      { heading: 'OBJECTS', align: 'right' },
      { heading: 'BYTES', align: 'right' },
      { heading: 'RESULT' },
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

/** What became of it, in a word: the outcome, or the reason. */
function resultOf({ status, backup_sync: result, error_info }: CbrOperationLog): string {
  if (status === 'success') return result?.outcome ?? status;
  const why = result === null ? error_info?.code : result.reason?.code;
  return why ? `${status}: ${why}` : status;
}

/** The failures in full, grouped by reason with its remedy. Empty where all went well. */
export function failureSummary(logs: readonly CbrOperationLog[]): string {
  return reasonSummary(
    logs.map((log) => ({
      name: log.extra_info?.backup?.backup_name ?? log.id,
      reason: log.backup_sync?.reason ?? null,
    })),
  );
}

/** Reasons in full, each kind once with its remedy. Empty where there is none. */
export function reasonSummary(items: readonly { readonly name: string; readonly reason: Reason | null }[]): string {
  const groups = new Map<string, { readonly first: Reason; readonly lines: string[] }>();
  for (const { name, reason } of items) {
    if (reason === null) continue;
    const group = groups.get(reason.code) ?? { first: reason, lines: [] };
    group.lines.push(`  ${printable(name)}: ${printable(reason.message)}`);
    groups.set(reason.code, group);
  }
  return Array.from(groups.values(), ({ first, lines }) =>
    [`${first.code} (${first.number})`, ...lines, `  What to do: ${first.remedy}`].join('\n'),
  ).join('\n');
}
