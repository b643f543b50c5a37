import { type Kysely, type QueryExecutorProvider, type SchemaModule, sql } from 'kysely';

/**
 * Stores when a backup was made, in addition to the time in its request. Recorded backups get the earlier of the
 * request's time and the newest object's, until their next sync reads the time of their format. The newest proved
 * backups of each resource get separate tables, filled from the records.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database;
  await schema.alterTable('backups').renameColumn('taken_at_s', 'protected_at_s').execute();
  await schema
    .alterTable('backups')
    .addColumn('taken_at_ms', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await schema
    .alterTable('backups')
    .addColumn('taken_at_source', 'text', (column) => column.notNull().defaultTo('request'))
    .execute();
  await schema.alterTable('backups').addColumn('time_contradiction', 'text').execute();
  await sql`update backups set taken_at_ms = protected_at_s * 1000`.execute(database);
  // Requests have whole seconds, so a request time that was taken from the object's time does not count as earlier.
  await sql`update backups set taken_at_ms = newest_object_at_ms, taken_at_source = 'object'
    where newest_object_at_ms >= 0 and newest_object_at_ms < (protected_at_s + 1) * 1000`.execute(database);

  await schema.alterTable('operations').addColumn('time_contradiction', 'text').execute();
  await schema.alterTable('verifications').addColumn('format_time_ms', 'bigint').execute();
  await schema.alterTable('verifications').addColumn('format_time_has_zone', 'integer').execute();
  await createResources(schema);
  await fillResources(database);
}

async function createResources(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('resources')
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('source_id', 'text', (column) => column.notNull())
    .addColumn('resource_id', 'text', (column) => column.notNull())
    .addColumn('resource_name', 'text', (column) => column.notNull())
    .addColumn('backups', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('resources_key', ['project_id', 'source_id', 'resource_id'])
    .execute();
  await schema
    .createTable('resource_heads')
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('source_id', 'text', (column) => column.notNull())
    .addColumn('resource_id', 'text', (column) => column.notNull())
    .addColumn('level', 'text', (column) => column.notNull())
    .addColumn('backups', 'bigint', (column) => column.notNull())
    .addColumn('backup_id', 'text')
    .addColumn('taken_at_ms', 'bigint')
    .addColumn('taken_at_source', 'text')
    .addPrimaryKeyConstraint('resource_heads_key', ['project_id', 'source_id', 'resource_id', 'level'])
    .execute();
  await schema.createIndex('source_members_of_backup').on('source_members').columns(['backup_id']).execute();
  await schema
    .createIndex('backups_by_head')
    .on('backups')
    .columns(['project_id', 'resource_id', 'level', 'taken_at_ms desc', 'backup_id'])
    .where(sql.ref('forgotten_at_ms'), 'is', null)
    .where(sql.ref('status'), '=', sql.lit('available'))
    .execute();
}

/** The backups in each scope: their project, and each source that has seen them. */
const scoped = sql`select project_id, '' as source_id, resource_id, resource_name, status, level, backup_id,
      taken_at_ms, taken_at_source, updated_at_ms
    from backups where forgotten_at_ms is null
    union all
    select sources.project_id, sources.id, resource_id, resource_name, backups.status, backups.level, backups.backup_id,
      taken_at_ms, taken_at_source, backups.updated_at_ms
    from source_members
    join sources on sources.id = source_members.source_id
    join backups on backups.project_id = sources.project_id and backups.backup_id = source_members.backup_id
      and backups.storage_unit_id = sources.storage_unit_id and backups.bucket_name = sources.bucket_name
      and backups.image_path = source_members.image_path
    where forgotten_at_ms is null`;

async function fillResources(database: QueryExecutorProvider): Promise<void> {
  await sql`insert into resources (project_id, source_id, resource_id, resource_name, backups)
    select project_id, source_id, resource_id, max(resource_name), count(*) from (${scoped}) as scoped
    group by project_id, source_id, resource_id`.execute(database);
  // A time more than five minutes after the record was written was in the future then, so the backup is not a head.
  await sql`with levels (place, level) as (values
      (0, 'presence'), (1, 'metadata'), (2, 'inventory'), (3, 'linkage'), (4, 'content'), (5, 'replay')),
    proved as (
      select scoped.*, wanted.level as wanted,
        case when taken_at_ms <= updated_at_ms + 300000 then 1 else 0 end as may_lead
      from (${scoped}) as scoped
      join levels as own on own.level = scoped.level
      join levels as wanted on wanted.place <= own.place
      where status = 'available'),
    ranked as (
      select proved.*,
        count(*) over (partition by project_id, source_id, resource_id, wanted) as backups,
        row_number() over (partition by project_id, source_id, resource_id, wanted
          order by may_lead desc, taken_at_ms desc, backup_id) as place
      from proved)
    insert into resource_heads
      (project_id, source_id, resource_id, level, backups, backup_id, taken_at_ms, taken_at_source)
    select project_id, source_id, resource_id, wanted, backups,
      case when may_lead = 1 then backup_id end, case when may_lead = 1 then taken_at_ms end,
      case when may_lead = 1 then taken_at_source end
    from ranked where place = 1`.execute(database);
}
