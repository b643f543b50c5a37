import { setTimeout as pause } from 'node:timers/promises';
import { type Backup, listBackupsAnswer, type Operation } from '../../packages/contracts/src/index.ts';
import { type Report, shown } from './report.ts';
import { isCalm, outagesOf } from './service.ts';
import type { World } from './world.ts';

const lookEveryMs = 250;
const pageMax = 1000;
/** The newest records belong to the current round. */
const watchedMax = 200;
const provedLevels = ['linkage', 'content', 'replay'];

/** Says what is wrong with a record; null: nothing. */
export function wrongRecord(world: World, record: Backup): string | null {
  const known = world.backups.get(record.id);
  const { level, reason } = record.backup_sync;
  const said = `${record.id} is ${record.status}, ${level}, ${shown(reason?.message ?? '')}`;
  if (known === undefined || !known.isRecorded) return `is of no backup: ${said}`;
  if (known.reasons.length === 0) {
    return record.status === 'available' && provedLevels.includes(level ?? '') ? null : `whole: ${said}`;
  }
  const isRight = record.status === 'error' && reason !== null && known.reasons.includes(reason.code);
  return isRight ? null : `${known.reasons.join(' or ')}: ${said}`;
}

/** Says what is wrong with the end of an operation; null: nothing. */
export function wrongEnd(world: World, operation: Operation): string | null {
  const { kind, status, reason, message, backup_id: backupId } = operation;
  const said = `${operation.id} (${kind} of ${backupId ?? operation.bucket_name}) is ${status}, ${reason?.code ?? ''} ${message}`;
  const reasons = expectedReasons(world, operation);
  if (reasons === null) return `is unexpected: ${said}`;
  if (reasons.length === 0) return status === 'success' ? null : `should succeed: ${said}`;
  const isRight = status === 'failed' && reason !== null && reasons.includes(reason.code);
  return isRight ? null : `should fail with ${reasons.join(' or ')}: ${said}`;
}

/** Returns the reasons with which an operation may fail; empty: it must succeed. Null: the harness does not know it. */
function expectedReasons(world: World, operation: Operation): readonly string[] | null {
  if (operation.kind === 'import') return world.backups.get(operation.backup_id ?? '')?.reasons ?? null;
  if (operation.kind !== 'source_run' || operation.bucket_name !== 'damaged') return [];
  return [...world.backups.values()].flatMap(({ reasons }) => reasons);
}

/** Returns all records of the catalogue. Null: it cannot be read. */
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

/** Reads the newest records repeatedly: reading must work during a fault, and no verdict may ever be wrong. */
export async function watchVerdicts(world: World, report: Report, signal: AbortSignal): Promise<number> {
  let looks = 0;
  while (!signal.aborted) {
    const wasCalm = isCalm(world.service);
    const outages = outagesOf(world.service);
    const answer = await world.calls.call('GET', 'v3', `/backups?limit=${watchedMax}`);
    if (answer?.status === 200) {
      looks += 1;
      for (const record of listBackupsAnswer.parse(answer.body).backups) {
        const wrong = wrongRecord(world, record);
        if (wrong !== null) report.broken('no verdict is wrong, not even during a fault', wrong);
      }
    } else if (answer !== null && wasCalm && outagesOf(world.service) === outages && answer.status !== 401) {
      report.broken('reading works during a fault', `${answer.status} ${shown(answer.body)}`);
    }
    await pause(lookEveryMs);
  }
  return looks;
}
