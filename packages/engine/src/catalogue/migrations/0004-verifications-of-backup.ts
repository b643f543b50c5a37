import { type SchemaModule, sql } from 'kysely';

/** Sources ask of each backup whether a verification of it was tried since a time: they are few among all operations. */
async function up(schema: SchemaModule): Promise<void> {
  await schema
    .createIndex('operations_verifications_of_backup')
    .on('operations')
    .columns(['project_id', 'backup_id', 'created_at_ms'])
    .where(sql.ref('kind'), '=', sql.lit('verify'))
    .execute();
}

export const verificationsOfBackup = { number: 4, name: 'verifications-of-backup', up };
