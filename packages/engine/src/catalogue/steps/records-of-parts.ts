import { counted } from '@backup-sync/contracts';
import type { Kysely, Selectable } from 'kysely';
import { v7 as newId } from 'uuid';
import { chainRootOf } from '../../chain/formats/chain-root.ts';
import { mayBeFileOfAnother } from '../../chain/place-id.ts';
import { lockParts } from '../locks.ts';
import type { EndedOperation, ImportFinish, ImportFinished } from '../operation-records.ts';
import { type ChainColumns, chainColumns, itemOf } from '../operation-rows.ts';
import type { BackupRow, OperationRow, Schema } from '../schema.ts';
import { awaitImportOfPart } from './await-parent.ts';
import { chunks } from './chunk.ts';
import { noteEnds } from './events.ts';
import { forgetRecord } from './forget-record.ts';
import { unfinishedImports } from './unfinished-imports.ts';

/** Maximum number of records that the message of an import names. */
const namedMax = 3;
/**
 * Most records that one package ends, about as many as a machine has disks. A descriptor that somebody put into a folder
 * of many machines may reference all their disks: without a limit, it would remove their records.
 */
const endedMax = 64;

type Package = Selectable<OperationRow>;
type Recorded = Pick<Selectable<BackupRow>, 'backup_id' | 'format' | 'status' | 'parent_backup_id'>;

/**
 * Makes the import of a package wait if a file of it is being imported as a backup: that import would otherwise record it
 * after this step. Returns null if none is. The files' records are locked then, see {@link endRecordsOfParts}.
 */
export async function awaitParts(
  database: Kysely<Schema>,
  operation: Package,
  { parts = [], ...finish }: Pick<ImportFinish, 'parts' | 'requests' | 'endedAtMs'>,
): Promise<ImportFinished | null> {
  if (parts.length === 0) return null;
  await lockParts(database, operation.project_id, async () => {
    const ids = new Set([operation.backup_id]);
    for (const row of await recordsAt(database, operation, parts)) ids.add(row.backup_id);
    for (const row of await importsAt(database, operation, parts)) ids.add(row.backup_id);
    return [...ids].filter((id) => id !== null).map((id) => ['backup', id]);
  });
  const inFlight = await importsAt(database, operation, parts);
  return await awaitImportOfPart(database, operation, inFlight, finish);
}

/**
 * Ends the records of a package's disks. They are kept as parts of the package, for the case that nothing references them
 * any more. Returns the operations that say what ended, and what the import of the package says.
 */
export async function endRecordsOfParts(
  database: Kysely<Schema>,
  operation: Package,
  { parts = [], endedAtMs }: Pick<ImportFinish, 'parts' | 'endedAtMs'>,
): Promise<{ readonly ended: readonly EndedOperation[]; readonly addition: string }> {
  if (parts.length === 0) return { ended: [], addition: '' };
  // No scan would find the others again once nothing references them.
  const disks = (await recordsAt(database, operation, parts)).filter(({ format }) => mayBeFileOfAnother(format));
  const [proved, kept] = [disks.filter(isProvedWithPackage), disks.filter((disk) => !isProvedWithPackage(disk))];
  const isTooMany = proved.length > endedMax;
  const ids: string[] = [];
  for (const { backup_id: backupId } of isTooMany ? [] : proved) {
    const id = newId();
    const isForgotten = await forgetRecord(database, {
      id,
      project_id: operation.project_id,
      parent_operation_id: operation.id,
      actor_kind: operation.actor_kind,
      actor_name: operation.actor_name,
      request_id: operation.request_id,
      message: `It is part of ${operation.backup_id}, so its own record was removed; nothing in the bucket was touched.`,
      backupId,
      partOf: operation.backup_id,
      atMs: endedAtMs,
    });
    if (isForgotten) ids.push(id);
  }
  const addition = [
    describe(proved, isTooMany ? `stay, more than the ${endedMax} that a package may end` : 'ended'),
    describe(kept, 'of what the package does not prove stay'),
  ];
  return { ended: ids.length === 0 ? [] : await noteEnds(database, ids), addition: addition.join('') };
}

/**
 * Whether a package would notice the loss of what this record rests on. The proof of a package reads no structure of
 * qcow2 images, and so not what they build on. What is broken must not vanish with its record.
 */
function isProvedWithPackage({ format, status, parent_backup_id: parent }: Recorded): boolean {
  return status === 'available' && (format !== 'qcow2' || parent === null);
}

/** Says what happened to these records; nothing if there are none. */
function describe(records: readonly Recorded[], what: string): string {
  if (records.length === 0) return '';
  const names = records.slice(0, namedMax).map(({ backup_id: id }) => id);
  const listed = names.join(', ') + (records.length > namedMax ? ', …' : '');
  return `; of its disks, ${counted(records.length, 'record')} ${what}: ${listed}`;
}

async function recordsAt(database: Kysely<Schema>, { backup_id: ownId, ...place }: Package, parts: readonly string[]) {
  const found: Recorded[] = [];
  for (const some of chunks(parts)) {
    const rows = await database
      .selectFrom('backups')
      .where('project_id', '=', place.project_id)
      .where('storage_unit_id', '=', place.storage_unit_id)
      .where('bucket_name', '=', place.bucket_name)
      .where('image_path', 'in', some)
      .where('forgotten_at_ms', 'is', null)
      .select(['backup_id', 'format', 'status', 'parent_backup_id'])
      .execute();
    found.push(...rows.filter((row) => row.backup_id !== ownId));
  }
  return found;
}

/** The imports in flight of backups at these image paths. */
async function importsAt(database: Kysely<Schema>, operation: Package, parts: readonly string[]) {
  const paths = new Set(parts);
  const found: (ChainColumns & Pick<Package, 'id' | 'backup_id' | 'interactive_for'>)[] = [];
  for (const some of chunks([...new Set(parts.map(chainRootOf))])) {
    const rows = await unfinishedImports(database)
      .where('project_id', '=', operation.project_id)
      .where('storage_unit_id', '=', operation.storage_unit_id)
      .where('bucket_name', '=', operation.bucket_name)
      .where('chain_root', 'in', some)
      .where('backup_id', '!=', operation.backup_id)
      .select(['id', 'backup_id', 'item', 'interactive_for', ...chainColumns])
      .execute();
    found.push(...rows.filter((row) => paths.has(itemOf(row).image_path)));
  }
  return found;
}
