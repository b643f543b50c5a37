import { type BackupSyncInput, type PlanSyncAnswer, planClasses } from '@backup-sync/contracts';
import { reasonSummary } from './results.ts';
import { formatBytes, formatTable } from './table.ts';

/** One row an item, then the reasons in full, then what the sync would cost. */
export function planText(items: readonly BackupSyncInput[], answer: PlanSyncAnswer): string {
  const rows = answer.plan.map((planned, index) => [
    items[index]?.backup_name ?? planned.backup_id,
    planned.class,
    planned.level ?? '-',
    planned.reason === null ? planned.message : `${planned.reason.code}: ${planned.message}`,
  ]);
  const headings = ['BACKUP', 'CLASS', 'LEVEL NOW', 'A SYNC'];
  const table = formatTable(
    headings.map((heading) => ({ heading })),
    rows,
  );
  const reasons = reasonSummary(
    answer.plan.map(({ reason, backup_id }, index) => ({ name: items[index]?.backup_name ?? backup_id, reason })),
  );
  return [table, ...(reasons === '' ? [] : [reasons]), forecastLine(answer)].join('\n\n');
}

/** `5 backups: 4 new, 1 broken. A sync takes 3 LIST, 9 GET, 12.0 KiB read, about 1.2 s.` */
export function forecastLine({ plan, forecast }: PlanSyncAnswer): string {
  const counts = planClasses
    .map((name) => [name, plan.filter((planned) => planned.class === name).length] as const)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`);
  const time = forecast.seconds === null ? 'for a time that is not known yet' : duration(forecast.seconds);
  const requests = `${forecast.lists} LIST, ${forecast.gets} GET, ${formatBytes(forecast.bytes_read)} read`;
  return `${plan.length} ${plan.length === 1 ? 'backup' : 'backups'}: ${counts.join(', ')}. A sync takes ${requests}, ${time}.`;
}

/** `about 0.4 s`, `about 12 s`, `about 3 min`, `about 2.5 h`. */
function duration(seconds: number): string {
  if (seconds < 0.1) return 'less than 0.1 s';
  if (seconds < 10) return `about ${seconds.toFixed(1)} s`;
  if (seconds < 120) return `about ${Math.round(seconds)} s`;
  if (seconds < 2 * 60 * 60) return `about ${Math.round(seconds / 60)} min`;
  return `about ${(seconds / 3600).toFixed(1)} h`;
}
