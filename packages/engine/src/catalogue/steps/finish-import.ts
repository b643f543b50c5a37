import type { Kysely } from 'kysely';
import { differencesOf } from '../differences.ts';
import { fixedQuery } from '../fixed-query.ts';
import { lockParts } from '../locks.ts';
import type { ImportFinish, ImportFinished } from '../operation-records.ts';
import type { Schema } from '../schema.ts';
import { awaitParent } from './await-parent.ts';
import { cancelledFault, endImport, endUntried } from './end-import.ts';
import { lockImport } from './lock-import.ts';
import { noteOrigin } from './record-origin.ts';
import { awaitParts, endRecordsOfParts } from './records-of-parts.ts';
import { unfinishedImports } from './unfinished-imports.ts';
import { writeVerdict } from './write-verdict.ts';

const runningImport = fixedQuery((database, { operationId, epoch }: { operationId: string; epoch: number }) =>
  differencesOf(database).keepRows(
    unfinishedImports(database)
      .where('id', '=', operationId)
      .where('status', '=', 'running')
      .where('epoch', '=', epoch)
      .selectAll(),
  ),
);

/** Ends an import and writes its record and proofs. */
export async function finishImport(database: Kysely<Schema>, finish: ImportFinish): Promise<ImportFinished> {
  await lockImport(database, finish.operationId);
  return await finishLocked(database, finish);
}

/** Does the same for an import whose backup is locked. */
async function finishLocked(database: Kysely<Schema>, finish: ImportFinish): Promise<ImportFinished> {
  const { operationId, epoch } = finish;
  const operation = await runningImport.first(database, { operationId, epoch });
  if (operation === undefined) return { result: 'stale_epoch', ended: [], due: [] };

  const { backup_id: backupId, project_id: projectId } = operation;
  if (backupId === null) throw new TypeError(`import ${operation.id} has no backup`);
  if (operation.cancel_requested_at_ms !== null) {
    const { endedAtMs, requests } = finish;
    const ends = await endUntried(database, operation, { fault: cancelledFault, endedAtMs, requests });
    return { result: 'finished', ...ends };
  }
  if (finish.missingParent !== null) {
    const wait = await awaitParent(database, operation, finish.missingParent, finish);
    if (wait !== null) return wait;
  }
  const wait = await awaitParts(database, operation, finish);
  if (wait !== null) return wait;
  const dependants = await writeVerdict(database, { ...finish, backupId, projectId });
  if (dependants === null) return { result: 'stale_record', ended: [], due: [] };
  if (finish.record !== null) await noteOrigin(database, operation);
  const removed = await endRecordsOfParts(database, operation, finish);
  const message = finish.message + removed.addition;
  const { ended, due } = await endImport(database, operation, { ...finish, message });
  return { result: 'finished', ended: [...removed.ended, ...ended], due: [...due, ...dependants] };
}

/** `ids` is a list, see `Differences`. */
const backupsOf = fixedQuery((database, { ids }: { ids: string }) =>
  database
    .selectFrom('operations')
    .where(({ ref }) => differencesOf(database).isAmong(ref('id'), ids))
    .select('backup_id'),
);

/** Ends imports of a project in this order. Stops after one about which its caller has to decide again. */
export async function finishImports(
  database: Kysely<Schema>,
  projectId: string,
  finishes: readonly ImportFinish[],
): Promise<readonly ImportFinished[]> {
  await lockParts(database, projectId, async () => {
    const ids = differencesOf(database).asList(finishes.map(({ operationId }) => operationId));
    const rows = await backupsOf.all(database, { ids });
    return rows.flatMap((row) => (row.backup_id === null ? [] : [['backup', row.backup_id] as const]));
  });
  const finished: ImportFinished[] = [];
  for (const finish of finishes) {
    const each = await finishLocked(database, finish);
    finished.push(each);
    if (each.result === 'stale_record' || each.result === 'cycle') break;
  }
  return finished;
}
