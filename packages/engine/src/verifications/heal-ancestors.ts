import type { BackupRecord } from '../catalogue/backup-records.ts';
import { itemOfRecord } from '../catalogue/item-of-record.ts';
import type { LinkData } from '../chain/data.ts';
import { chainRootOf } from '../chain/formats/chain-root.ts';
import { isSameLocation } from '../chain/proof/link.ts';
import type { OperationRun } from '../operations/run-operation.ts';
import { openExaminer } from './open-examiner.ts';
import { recordExamination } from './record-verdict.ts';

/**
 * Decides again about those links whose records are in error, as an import of each would. Call it with links whose data
 * was just read and found right, and after their proofs are recorded. Without this, an ancestor would stay in error
 * although it is whole: a scan sees no change in its listing.
 */
export async function healAncestors(run: OperationRun, links: readonly LinkData[]): Promise<void> {
  for (const records of await brokenRecords(run, links)) {
    const [first] = records;
    if (first === undefined) continue;
    const examiner = await openExaminer(run, first.location, {
      imagePaths: records.map(({ location }) => location.imagePath),
      linkageMaxBytes: run.services.work.linkageMaxBytes,
      dataFollows: false,
    });
    for (const record of records) {
      const examination = await examiner.examine(itemOfRecord(record));
      if (examination !== null) await recordExamination(run, record, examination);
    }
  }
}

/**
 * The records of these links that are in error, grouped by chain root. The nearest to the leaf comes first: if its
 * parent came first, an import of it would be queued as well.
 */
async function brokenRecords(
  { services, operation }: OperationRun,
  links: readonly LinkData[],
): Promise<Iterable<readonly BackupRecord[]>> {
  const ids = links.map(({ backupId }) => backupId);
  const known = ids.length === 0 ? [] : await services.catalogue.backups.knownByIds(operation.projectId, ids);
  const recordOf = new Map(
    known.filter(({ isForgotten }) => !isForgotten).map(({ record }) => [record.backupId, record]),
  );
  const groups = new Map<string, BackupRecord[]>();
  for (const { backupId, location } of links.toReversed()) {
    const record = recordOf.get(backupId);
    if (record?.status !== 'error' || !isSameLocation(record.location, location)) continue;
    const root = JSON.stringify([location.bucketName, chainRootOf(location.imagePath)]);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [record]);
    else group.push(record);
  }
  return groups.values();
}
