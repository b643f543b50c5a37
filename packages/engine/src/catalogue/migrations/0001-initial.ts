import { type CreateTableBuilder, type Kysely, type SchemaModule, sql } from 'kysely';

export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await createIdentity(schema);
  await createBackups(schema);
  await createOperations(schema);
  await createVerifications(schema);
  await createScanFindings(schema);
}

async function createIdentity(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('projects')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .execute();
  await schema
    .createTable('bucket_bindings')
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id').onDelete('cascade'))
    .addColumn('storage_unit_id', 'text', (column) => column.notNull())
    .addColumn('bucket_name', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('bucket_bindings_key', ['project_id', 'storage_unit_id', 'bucket_name'])
    .execute();
  await schema
    .createTable('users')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('password_hash', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .execute();
  await schema
    .createTable('role_assignments')
    .addColumn('user_id', 'text', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id').onDelete('cascade'))
    .addColumn('role', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('role_assignments_key', ['user_id', 'project_id'])
    .execute();
  await schema
    .createTable('tokens')
    .addColumn('token_hash', 'text', (column) => column.primaryKey().notNull())
    .addColumn('user_id', 'text', (column) => column.references('users.id').onDelete('cascade'))
    .addColumn('user_name', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id').onDelete('cascade'))
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('issued_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .execute();
}

function addLocation<Table extends string, Columns extends string>(table: CreateTableBuilder<Table, Columns>) {
  return table
    .addColumn('storage_unit_id', 'text', (column) => column.notNull())
    .addColumn('bucket_name', 'text', (column) => column.notNull())
    .addColumn('image_path', 'text', (column) => column.notNull());
}

function addListing<Table extends string, Columns extends string>(table: CreateTableBuilder<Table, Columns>) {
  return table
    .addColumn('listing_digest', 'text', (column) => column.notNull())
    .addColumn('listing_fingerprint', 'text', (column) => column.notNull())
    .addColumn('object_count', 'bigint', (column) => column.notNull())
    .addColumn('stored_bytes', 'bigint', (column) => column.notNull())
    .addColumn('newest_object_at_ms', 'bigint');
}

async function createBackups(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('backups')
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('backup_id', 'text', (column) => column.notNull())
    .addColumn('backup_name', 'text', (column) => column.notNull())
    .$call(addLocation)
    .addColumn('resource_id', 'text', (column) => column.notNull())
    .addColumn('resource_name', 'text', (column) => column.notNull())
    .addColumn('resource_type', 'text', (column) => column.notNull())
    .addColumn('taken_at_s', 'bigint', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('reason_code', 'text')
    .addColumn('reason_detail', 'text', (column) => column.notNull())
    .addColumn('format', 'text', (column) => column.notNull())
    .addColumn('content_id', 'text')
    .$call(addListing)
    .addColumn('level', 'text')
    .addColumn('verified_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('check_version', 'text', (column) => column.notNull())
    .addColumn('parent_backup_id', 'text')
    .addColumn('incremental', 'integer')
    .addColumn('volume_bytes', 'bigint')
    .addColumn('last_operation_id', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .addColumn('forgotten_at_ms', 'bigint')
    .addColumn('vanished_at_ms', 'bigint')
    .addPrimaryKeyConstraint('backups_key', ['project_id', 'backup_id'])
    .execute();

  // One index for each order of the listing, and for each filter that leaves few rows. None has forgotten records.
  const indexes = {
    backups_by_creation: ['project_id', 'created_at_ms desc', 'backup_id'],
    backups_by_update: ['project_id', 'updated_at_ms desc', 'backup_id'],
    backups_by_name: ['project_id', 'backup_name', 'backup_id'],
    backups_by_taking: ['project_id', 'taken_at_s desc', 'backup_id'],
    backups_by_status: ['project_id', 'status', 'created_at_ms desc', 'backup_id'],
    backups_by_id: ['project_id', 'backup_id'],
    backups_by_resource: ['project_id', 'resource_id', 'created_at_ms desc', 'backup_id'],
    backups_by_resource_name: ['project_id', 'resource_name', 'created_at_ms desc', 'backup_id'],
    backups_by_parent: ['project_id', 'parent_backup_id', 'created_at_ms desc', 'backup_id'],
  } as const;
  for (const [index, columns] of Object.entries(indexes)) {
    await schema
      .createIndex(index)
      .on('backups')
      .columns([...columns])
      .where(sql.ref('forgotten_at_ms'), 'is', null)
      .execute();
  }
}

async function createOperations(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('operations')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('parent_operation_id', 'text')
    .addColumn('storage_unit_id', 'text', (column) => column.notNull())
    .addColumn('bucket_name', 'text', (column) => column.notNull())
    .addColumn('chain_root', 'text')
    .addColumn('backup_id', 'text')
    .addColumn('resource_id', 'text')
    .addColumn('resource_name', 'text')
    .addColumn('item', 'text')
    .addColumn('task', 'text')
    .addColumn('progress', 'text')
    .addColumn('result', 'text')
    .addColumn('cancel_requested_at_ms', 'bigint')
    .addColumn('actor_kind', 'text', (column) => column.notNull())
    .addColumn('actor_name', 'text', (column) => column.notNull())
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text')
    .addColumn('message', 'text', (column) => column.notNull())
    .addColumn('reason_code', 'text')
    .addColumn('reason_detail', 'text', (column) => column.notNull())
    .addColumn('level', 'text')
    .addColumn('incremental', 'integer')
    .addColumn('list_requests', 'bigint')
    .addColumn('get_requests', 'bigint')
    .addColumn('bytes_read', 'bigint')
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('started_at_ms', 'bigint')
    .addColumn('ended_at_ms', 'bigint')
    .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('deadline_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('lease_owner', 'text')
    .addColumn('epoch', 'bigint', (column) => column.notNull())
    .execute();

  const listings = {
    operations_by_creation: ['project_id', 'created_at_ms', 'sequence'],
    operations_by_status: ['project_id', 'status', 'created_at_ms', 'sequence'],
    operations_by_resource: ['project_id', 'resource_id', 'created_at_ms', 'sequence'],
    operations_by_resource_name: ['project_id', 'resource_name', 'created_at_ms', 'sequence'],
  } as const;
  for (const [index, columns] of Object.entries(listings)) {
    await schema
      .createIndex(index)
      .on('operations')
      .columns([...columns])
      .execute();
  }
  // Unfinished operations are few among very many, so their indexes have nothing else.
  const unfinished = {
    operations_unfinished_of_backup: ['project_id', 'backup_id'],
    operations_unfinished_of_chain: ['project_id', 'storage_unit_id', 'bucket_name', 'chain_root'],
  } as const;
  for (const [index, columns] of Object.entries(unfinished)) {
    await schema
      .createIndex(index)
      .on('operations')
      .columns([...columns])
      .where(sql.ref('ended_at_ms'), 'is', null)
      .execute();
  }
}

async function createVerifications(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('verifications')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('backup_id', 'text', (column) => column.notNull())
    .addColumn('operation_id', 'text', (column) => column.notNull())
    .$call(addLocation)
    .$call(addListing)
    .addColumn('content_id', 'text')
    .addColumn('parent_backup_id', 'text')
    .addColumn('parent_listing_digest', 'text')
    .addColumn('level', 'text')
    .addColumn('fault_code', 'text')
    .addColumn('fault_detail', 'text', (column) => column.notNull())
    .addColumn('limit_reason', 'text')
    .addColumn('volume_bytes', 'bigint')
    .addColumn('check_version', 'text', (column) => column.notNull())
    .addColumn('verified_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('metadata_objects', 'text', (column) => column.notNull())
    .execute();
  await schema
    .createIndex('verifications_newest')
    .on('verifications')
    .columns(['project_id', 'backup_id', 'verified_at_ms', 'id'])
    .execute();
}

async function createScanFindings(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('scan_findings')
    .addColumn('operation_id', 'text', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('finding', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('scan_findings_key', ['operation_id', 'sequence'])
    .execute();
}
