import {
  type BackupSyncInput,
  counted,
  type PlanClass,
  type PlannedItem,
  type PlanSyncAnswer,
  planClasses,
  type SyncForecast,
} from '@backup-sync/contracts';
import { formatSeconds } from './duration.ts';
import { printTable } from './print-table.ts';
import { formatBytes } from './printable.ts';
import { remedyOnCommandLine } from './reason-remedies.ts';
import { reasonSummary } from './results.ts';
import { print, type Terminal } from './terminal.ts';

/** Prints one row per item, then the reasons in full, then the cost of the sync. */
export function printPlan(terminal: Terminal, items: readonly BackupSyncInput[], answer: PlanSyncAnswer): void {
  const rows = answer.plan.map((item, index) => ({ ...item, name: items[index]?.backup_name ?? item.backup_id }));
  printPlanRows(terminal, rows);
  print(terminal, planSummary(answer));
}

/** Prints one row per item, then the reasons in full. */
export function printPlanRows(
  terminal: Terminal,
  items: readonly (Omit<PlannedItem, 'backup_id'> & { readonly name: string })[],
): void {
  // Most backups can be proved to the highest level, so the column is there only if one of these cannot.
  const isBounded = items.some(({ ceiling }) => ceiling !== null && ceiling !== 'replay');
  const columns = [
    { heading: 'BACKUP', wraps: true, shrinksTo: 16 },
    { heading: 'CLASS' },
    { heading: 'LEVEL NOW', drops: 1 },
    ...(isBounded ? [{ heading: 'CEILING', drops: 2 }] : []),
    { heading: 'RESULT OF A SYNC', wraps: true },
  ];
  const rows = items.map((planned) => [
    planned.name,
    planned.class,
    planned.level ?? '-',
    ...(isBounded ? [planned.ceiling ?? '-'] : []),
    planned.reason === null ? planned.message : `${planned.reason.code}: ${planned.message}`,
  ]);
  printTable(terminal, columns, rows);
  const reasons = reasonSummary(items, remedyOnCommandLine);
  print(terminal, reasons === '' ? '' : `\n${reasons}\n`);
}

/** The forecast for the plan of a list. */
function planSummary({ plan, forecast }: PlanSyncAnswer): string {
  const counts: { [Class in PlanClass]?: number } = {};
  for (const { class: planned } of plan) counts[planned] = (counts[planned] ?? 0) + 1;
  return forecastLine(counts, forecast);
}

/** `5 backups: 4 new, 1 broken. A sync makes 3 LIST and 9 GET requests, reads 12.0 KiB and takes about 1.2 s.` */
export function forecastLine(classes: { readonly [Class in PlanClass]?: number }, forecast: SyncForecast): string {
  const counts = planClasses.flatMap((name) => (classes[name] === undefined ? [] : [`${classes[name]} ${name}`]));
  const total = Object.values(classes).reduce((sum, count) => sum + count, 0);
  const time = forecast.seconds === null ? 'a time that is not known yet' : duration(forecast.seconds);
  const requests = `${forecast.lists} LIST and ${forecast.gets} GET requests`;
  const bytes = formatBytes(forecast.bytes_read);
  const backups = `${counted(total, 'backup')}${total === 0 ? '' : `: ${counts.join(', ')}`}`;
  return `${backups}. A sync makes ${requests}, reads ${bytes} and takes ${time}.`;
}

function duration(seconds: number): string {
  return seconds < 0.1 ? 'less than 0.1 s' : `about ${formatSeconds(seconds)}`;
}
