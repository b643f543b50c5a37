import {
  type BackupSyncInput,
  type PlanClass,
  type PlannedItem,
  type PlanSyncAnswer,
  planClasses,
  type SyncForecast,
} from '@backup-sync/contracts';
import { reasonSummary } from './results.ts';
import { formatBytes, formatTable } from './table.ts';

/** One row an item, then the reasons in full, then what the sync would cost. */
export function planText(items: readonly BackupSyncInput[], answer: PlanSyncAnswer): string {
  const rows = answer.plan.map((item, index) => ({ ...item, name: items[index]?.backup_name ?? item.backup_id }));
  return [planRows(rows), planSummary(answer)].join('\n\n');
}

/** One row an item, then the reasons in full. */
export function planRows(items: readonly (Omit<PlannedItem, 'backup_id'> & { readonly name: string })[]): string {
  const rows = items.map((planned) => [
    planned.name,
    planned.class,
    planned.level ?? '-',
    planned.reason === null ? planned.message : `${planned.reason.code}: ${planned.message}`,
  ]);
  const headings = ['BACKUP', 'CLASS', 'LEVEL NOW', 'A SYNC'];
  const table = formatTable(
    headings.map((heading) => ({ heading })),
    rows,
  );
  const reasons = reasonSummary(items);
  return reasons === '' ? table : `${table}\n\n${reasons}`;
}

/** The forecast of a list's plan. */
function planSummary({ plan, forecast }: PlanSyncAnswer): string {
  const counts: { [Class in PlanClass]?: number } = {};
  for (const { class: planned } of plan) counts[planned] = (counts[planned] ?? 0) + 1;
  return forecastLine(counts, forecast);
}

/** `5 backups: 4 new, 1 broken. A sync takes 3 LIST, 9 GET, 12.0 KiB read, about 1.2 s.` */
export function forecastLine(classes: { readonly [Class in PlanClass]?: number }, forecast: SyncForecast): string {
  const counts = planClasses.flatMap((name) => (classes[name] === undefined ? [] : [`${classes[name]} ${name}`]));
  const total = Object.values(classes).reduce((sum, count) => sum + count, 0);
  const time = forecast.seconds === null ? 'for a time that is not known yet' : duration(forecast.seconds);
  const requests = `${forecast.lists} LIST, ${forecast.gets} GET, ${formatBytes(forecast.bytes_read)} read`;
  const backups = `${total} ${total === 1 ? 'backup' : 'backups'}${total === 0 ? '' : `: ${counts.join(', ')}`}`;
  return `${backups}. A sync takes ${requests}, ${time}.`;
}

/** `about 0.4 s`, `about 12 s`, `about 3 min`, `about 2.5 h`. */
function duration(seconds: number): string {
  if (seconds < 0.1) return 'less than 0.1 s';
  if (seconds < 10) return `about ${seconds.toFixed(1)} s`;
  if (seconds < 120) return `about ${Math.round(seconds)} s`;
  if (seconds < 2 * 60 * 60) return `about ${Math.round(seconds / 60)} min`;
  return `about ${(seconds / 3600).toFixed(1)} h`;
}
