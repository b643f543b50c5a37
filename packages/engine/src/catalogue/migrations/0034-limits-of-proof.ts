import { type Kysely, sql } from 'kysely';

/** Formats in which a backup proved to `linkage` has everything that a replay compares. */
const wholeFormats = ['cinder', 'longhorn', 'manifest'];

/**
 * Records and proofs get the highest level that their format and form allow, and what cannot be seen. A record gets it
 * now if its format and level tell. Otherwise it stays null until the backup is proved again, which the next sync does.
 * Proofs stay as they are, see chain/proof/form.ts.
 *
 * Records below the level that was wanted count if they are at their ceiling, when that is asked for. Those have an
 * index, and so have records with gaps, which count at a lower level than theirs.
 *
 * A new table remembers which contents were proved by reading them, see stores/proved-objects.ts.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  await addCeilings(database);
  await createProvedObjects(database);
}

async function addCeilings(database: Kysely<unknown>): Promise<void> {
  const { schema } = database;
  for (const column of ['ceiling', 'gaps', 'gap_level']) {
    await schema.alterTable('backups').addColumn(column, 'text').execute();
  }
  for (const column of ['ceiling', 'gaps']) {
    await schema.alterTable('verifications').addColumn(column, 'text').execute();
  }
  await sql`update backups set ceiling = 'presence', gaps = '["format_unknown"]', gap_level = 'metadata'
    where format = 'unknown' and status = 'available'`.execute(database);
  await sql`update backups set ceiling = 'replay' where format in (${sql.join(wholeFormats.map((each) => sql.lit(each)))})
    and status = 'available' and level in ('linkage', 'content', 'replay')`.execute(database);
  const ofResource = sql.raw('project_id, resource_id, taken_at_ms desc, backup_id');
  const counts = sql.raw("forgotten_at_ms is null and status = 'available'");
  await sql`create index backups_at_ceiling on backups (${ofResource})
    where ${counts} and level = ceiling and level <> 'replay'`.execute(database);
  await sql`create index backups_with_gaps on backups (${ofResource})
    where ${counts} and gap_level is not null`.execute(database);
}

async function createProvedObjects({ schema }: Kysely<unknown>): Promise<void> {
  const key = ['project_id', 'storage_unit_id', 'bucket_name', 'object_key', 'first_byte'] as const;
  await schema
    .createTable('proved_objects')
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('storage_unit_id', 'text', (column) => column.notNull())
    .addColumn('bucket_name', 'text', (column) => column.notNull())
    .addColumn('object_key', 'text', (column) => column.notNull())
    .addColumn('first_byte', 'bigint', (column) => column.notNull())
    .addColumn('etag', 'text', (column) => column.notNull())
    .addColumn('size', 'bigint', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('check_version', 'text', (column) => column.notNull())
    .addColumn('proved_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('proved_objects_key', [...key])
    .execute();
  await schema
    .createIndex('proved_objects_by_age')
    .on('proved_objects')
    .columns(['project_id', 'proved_at_ms'])
    .execute();
}
