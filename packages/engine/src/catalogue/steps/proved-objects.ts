import type { Kysely } from 'kysely';
import { fixedQuery } from '../fixed-query.ts';
import type { ProvedObject, ProvedPlace } from '../proved-object.ts';
import type { Schema } from '../schema.ts';
import { chunks } from './chunk.ts';

const ofKeys = fixedQuery(
  (
    database,
    at: ProvedPlace & { readonly keys: readonly string[]; readonly sinceMs: number; readonly checkVersion: string },
  ) =>
    database
      .selectFrom('proved_objects')
      .where('project_id', '=', at.projectId)
      .where('storage_unit_id', '=', at.storageUnitId)
      .where('bucket_name', '=', at.bucketName)
      .where('object_key', 'in', at.keys)
      .where('proved_at_ms', '>', at.sinceMs)
      .where('check_version', '=', at.checkVersion)
      .selectAll(),
);

/** Returns what was proved of the objects with these keys after a time, by this check. */
export async function findProvedObjects(
  database: Kysely<Schema>,
  place: ProvedPlace,
  keys: readonly string[],
  made: { readonly checkVersion: string; readonly sinceMs: number },
): Promise<readonly ProvedObject[]> {
  const found: ProvedObject[] = [];
  for (const some of chunks([...new Set(keys)])) {
    const rows = await ofKeys.all(database, { ...place, ...made, keys: some });
    for (const { object_key: key, first_byte: firstByte, etag, size, digest } of rows) {
      found.push({ key, firstByte, etag, size, digest });
    }
  }
  return found;
}

/** Stores what was proved of these objects, instead of what is stored of the same bytes. */
export async function keepProvedObjects(
  database: Kysely<Schema>,
  { projectId, storageUnitId, bucketName }: ProvedPlace,
  objects: readonly ProvedObject[],
  made: { readonly checkVersion: string; readonly provedAtMs: number },
): Promise<void> {
  // In one order, so that two workers never wait for each other.
  const rows = objects
    .map(({ key, firstByte, etag, size, digest }) => ({
      project_id: projectId,
      storage_unit_id: storageUnitId,
      bucket_name: bucketName,
      object_key: key,
      first_byte: firstByte,
      etag,
      size,
      digest,
      check_version: made.checkVersion,
      proved_at_ms: made.provedAtMs,
    }))
    .toSorted((one, other) => compare(one.object_key, other.object_key) || one.first_byte - other.first_byte);
  for (const some of chunks(rows)) {
    await database
      .insertInto('proved_objects')
      .values(some)
      .onConflict((conflict) =>
        conflict
          .columns(['project_id', 'storage_unit_id', 'bucket_name', 'object_key', 'first_byte'])
          .doUpdateSet(({ ref }) => ({
            etag: ref('excluded.etag'),
            size: ref('excluded.size'),
            digest: ref('excluded.digest'),
            check_version: ref('excluded.check_version'),
            proved_at_ms: ref('excluded.proved_at_ms'),
          })),
      )
      .execute();
  }
}

/** Forgets what a project proved before a time, and all but the newest `keptMax` of the rest. */
export async function pruneProvedObjects(
  database: Kysely<Schema>,
  projectId: string,
  { beforeMs, keptMax }: { readonly beforeMs: number; readonly keptMax: number },
): Promise<void> {
  const newestToDelete = await database
    .selectFrom('proved_objects')
    .where('project_id', '=', projectId)
    .select('proved_at_ms')
    .orderBy('proved_at_ms', 'desc')
    .offset(keptMax)
    .limit(1)
    .executeTakeFirst();
  await database
    .deleteFrom('proved_objects')
    .where('project_id', '=', projectId)
    .where('proved_at_ms', '<=', Math.max(newestToDelete?.proved_at_ms ?? 0, beforeMs))
    .execute();
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
