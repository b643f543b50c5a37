import { setTimeout as pause } from 'node:timers/promises';
import { type Backup, listBackupsAnswer, type Operation } from '../../packages/contracts/src/index.ts';
import { type Report, shown } from './report.ts';
import type { World } from './world.ts';

const lookEveryMs = 250;
const pageMax = 1000;
/** The newest records are those of the round. */
const watchedMax = 200;
const provedLevels = ['linkage', 'content', 'replay'];

/** What is wrong with a record, by what the harness knows; null: nothing. */
export function wrongRecord(world: World, record: Backup): string | null {
  const known = world.backups.get(record.id);
  const { level, reason } = record.backup_sync;
  const said = `${record.id} is ${record.status}, ${level}, ${shown(reason?.message ?? '')}`;
  if (known === undefined || !known.isRecorded) return `no backup: ${said}`;
  if (known.reasons.length === 0) {
    return record.status === 'available' && provedLevels.includes(level ?? '') ? null : `whole: ${said}`;
  }
  const isRight = record.status === 'error' && reason !== null && known.reasons.includes(reason.code);
  return isRight ? null : `${known.reasons.join(' or ')}: ${said}`;
}

/** What is wrong with how an operation ended; null: nothing. */
export function wrongEnd(world: World, operation: Operation): string | null {
  const { kind, status, reason, message, backup_id: backupId } = operation;
  const said = `${operation.id} (${kind} of ${backupId ?? operation.bucket_name}) is ${status}, ${reason?.code ?? ''} ${message}`;
  const reasons = expectedReasons(world, operation);
  if (reasons === null) return `nobody asked for it: ${said}`;
  if (reasons.length === 0) return status === 'success' ? null : `should succeed: ${said}`;
  const isRight = status === 'failed' && reason !== null && reasons.includes(reason.code);
  return isRight ? null : `should fail with ${reasons.join(' or ')}: ${said}`;
}

/** The reasons with which an operation may fail; empty: it succeeds. Null: it is of nothing that the harness knows. */
function expectedReasons(world: World, operation: Operation): readonly string[] | null {
  if (operation.kind === 'import') return world.backups.get(operation.backup_id ?? '')?.reasons ?? null;
  if (operation.kind !== 'source_run' || operation.bucket_name !== 'damaged') return [];
  return [...world.backups.values()].flatMap(({ reasons }) => reasons);
}

/** All records of the catalogue. Null: it cannot be read. */
export async function listRecords(world: World): Promise<readonly Backup[] | null> {
  const records: Backup[] = [];
  while (true) {
    const answer = await world.calls.call(
      'GET',
      'v3',
      `/backups?limit=${pageMax}&offset=${records.length}&sort=id:asc`,
    );
    if (answer?.status !== 200) return null;
    const { backups } = listBackupsAnswer.parse(answer.body);
    records.push(...backups);
    if (backups.length < pageMax) return records;
  }
}

/** Looks at the newest records again and again: reading goes on during a fault, and no verdict is wrong for a moment. */
export async function watchVerdicts(world: World, report: Report, signal: AbortSignal): Promise<number> {
  let looks = 0;
  while (!signal.aborted) {
    const wasAway = world.server.isAway;
    const answer = await world.calls.call('GET', 'v3', `/backups?limit=${watchedMax}`);
    if (answer?.status === 200) {
      looks += 1;
      for (const record of listBackupsAnswer.parse(answer.body).backups) {
        const wrong = wrongRecord(world, record);
        if (wrong !== null) report.broken('no verdict is wrong, not even during a fault', wrong);
      }
    } else if (answer !== null && !wasAway && !world.server.isAway && answer.status !== 401) {
      report.broken('reading goes on', `${answer.status} ${shown(answer.body)}`);
    }
    await pause(lookEveryMs);
  }
  return looks;
}
