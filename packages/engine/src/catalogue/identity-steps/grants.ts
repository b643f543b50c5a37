import type { Kysely } from 'kysely';
import { everything } from '../../storage/grants.ts';
import type { BucketGrant } from '../bucket-grant.ts';
import { fixedQuery } from '../fixed-query.ts';
import { oneQuery } from '../one-query.ts';
import type { Schema } from '../schema.ts';

export async function addGrant(database: Kysely<Schema>, grant: BucketGrant): Promise<readonly BucketGrant[]> {
  const wide = await grantOfEverything(database);
  // Its own project can use everything already.
  const madeExplicit = wide === null || wide.projectId === grant.projectId ? [] : await endGrantOfEverything(database);
  await insertGrants(database, [grant]);
  return madeExplicit;
}

/**
 * Replaces the grant of everything by grants by name of the buckets that its project uses, so that nothing stops
 * working.
 */
export async function endGrantOfEverything(database: Kysely<Schema>): Promise<readonly BucketGrant[]> {
  const wide = await grantOfEverything(database);
  if (wide === null) return [];
  const { projectId } = wide;
  const places = await database
    .selectFrom('backups')
    .where('project_id', '=', projectId)
    .select(['storage_unit_id', 'bucket_name'])
    .union(
      database.selectFrom('sources').where('project_id', '=', projectId).select(['storage_unit_id', 'bucket_name']),
    )
    .union(
      database
        .selectFrom('operations')
        .where('project_id', '=', projectId)
        .where('ended_at_ms', 'is', null)
        .select(['storage_unit_id', 'bucket_name']),
    )
    .execute();
  const explicit = places.map((place) => ({
    projectId,
    storageUnitId: place.storage_unit_id,
    bucketName: place.bucket_name,
    prefix: '',
  }));
  await removeGrant(database, wide);
  await insertGrants(database, explicit);
  return explicit;
}

export async function removeGrant(database: Kysely<Schema>, grant: BucketGrant): Promise<boolean> {
  const { numDeletedRows } = await database
    .deleteFrom('bucket_grants')
    .where('project_id', '=', grant.projectId)
    .where('storage_unit_id', '=', grant.storageUnitId)
    .where('bucket_name', '=', grant.bucketName)
    .where('prefix', '=', grant.prefix)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

type GrantsOf = { readonly projectId: string | null };

function inOrder(database: Kysely<Schema>) {
  return database
    .selectFrom('bucket_grants')
    .selectAll()
    .orderBy('project_id')
    .orderBy('storage_unit_id')
    .orderBy('bucket_name')
    .orderBy('prefix');
}

const grantsOfAll = fixedQuery((database, _: GrantsOf) => inOrder(database));

const grantsOfOne = fixedQuery((database, { projectId }: GrantsOf) =>
  inOrder(database).where('project_id', '=', projectId),
);

export const listGrants = oneQuery({
  query: (projectId: string | null) => (projectId === null ? grantsOfAll : grantsOfOne),
  values: (_, projectId: string | null) => ({ projectId }),
  answer: (rows): readonly BucketGrant[] =>
    rows.map((row) => ({
      projectId: row.project_id,
      storageUnitId: row.storage_unit_id,
      bucketName: row.bucket_name,
      prefix: row.prefix,
    })),
});

/** Adds grants; those that exist stay unchanged. */
export async function insertGrants(database: Kysely<Schema>, grants: readonly BucketGrant[]): Promise<void> {
  for (const grant of grants) {
    await database
      .insertInto('bucket_grants')
      .values({
        project_id: grant.projectId,
        storage_unit_id: grant.storageUnitId,
        bucket_name: grant.bucketName,
        prefix: grant.prefix,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

async function grantOfEverything(database: Kysely<Schema>): Promise<BucketGrant | null> {
  const grants = await listGrants(database, null);
  return grants.find(({ storageUnitId }) => storageUnitId === everything) ?? null;
}
