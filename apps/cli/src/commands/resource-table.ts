import type { Resource } from '@backup-sync/contracts';
import { printTable } from '../print-table.ts';
import type { Column } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { objectTimeMark, shortTime } from './backups.ts';
import { newestAge } from './resource-age.ts';

/** Prints resources with their newest proved backups. */
export function printResources(terminal: Terminal, resources: readonly Resource[]): void {
  const hasRetired = resources.some(({ retired_at }) => retired_at !== null);
  const columns: Column[] = [
    { heading: 'RESOURCE', wraps: true, shrinksTo: 12 },
    { heading: 'BACKUPS', align: 'right' },
    { heading: 'PROVED', align: 'right' },
    { heading: 'NEWEST PROVED (UTC)', drops: 2 },
    { heading: 'AGE' },
    ...(hasRetired ? [{ heading: 'RETIRED (UTC)' }] : []),
    { heading: 'ID', drops: 1 },
  ];
  const rows = resources.map((resource) => {
    const { newest_proved_at: newest, newest_proved_at_source: source } = resource;
    return [
      resource.resource_name,
      String(resource.backups),
      String(resource.proved_backups),
      newest === null ? '-' : `${objectTimeMark(source)}${shortTime(newest)}`,
      newestAge(resource) ?? 'none proved',
      ...(hasRetired ? [resource.retired_at === null ? '-' : shortTime(resource.retired_at)] : []),
      resource.resource_id,
    ];
  });
  printTable(terminal, columns, rows);
}
