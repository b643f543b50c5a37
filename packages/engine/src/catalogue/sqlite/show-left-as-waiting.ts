import type { Connection } from './connection.ts';
import { isHeld } from './data-directory.ts';

/**
 * Makes a query connection see operations as waiting that a killed process has left running. Nobody works on them, and
 * the next process that holds the data directory starts them. Nothing is written: a temporary view, visible only to
 * this connection, hides the table.
 *
 * Operations that another process starts later are shown as running, since they have another lease owner.
 */
export function showLeftAsWaiting({ sqlite }: Connection, directory: string): void {
  const left = sqlite
    .prepare("SELECT DISTINCT lease_owner AS owner FROM operations WHERE ended_at_ms IS NULL AND status = 'running'")
    .all()
    .flatMap(({ owner }) => (typeof owner === 'string' ? [owner] : []));
  // A process that holds the directory by now may have started work before the leases were read.
  if (left.length === 0 || isHeld(directory)) return;
  const isLeft = `lease_owner IN (${left.map(quoted).join(', ')}) AND status = 'running' AND ended_at_ms IS NULL`;
  const columns = sqlite
    .prepare("SELECT name FROM pragma_table_info('operations')")
    .all()
    .map(({ name }) => asSeen(String(name), isLeft));
  sqlite.exec('PRAGMA query_only = OFF; PRAGMA temp_store = MEMORY');
  sqlite.exec(`CREATE TEMP VIEW operations AS SELECT ${columns.join(', ')} FROM main.operations`);
  sqlite.exec('PRAGMA query_only = ON');
}

function asSeen(column: string, isLeft: string): string {
  if (column === 'status') return `CASE WHEN ${isLeft} THEN 'waiting' ELSE status END AS status`;
  if (column === 'lease_owner' || column === 'started_at_ms') {
    return `CASE WHEN ${isLeft} THEN NULL ELSE ${column} END AS ${column}`;
  }
  return `"${column}"`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
