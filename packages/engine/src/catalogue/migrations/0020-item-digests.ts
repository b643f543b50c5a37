import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';

type Tables = {
  operations: { id: string; item: string | null; task: string | null; item_digest: string | null };
};

/**
 * Two unfinished imports of the same item are impossible, even if several nodes accept it at the same time: the database
 * compares their digests.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database;
  await schema.alterTable('operations').addColumn('item_digest', 'text').execute();
  const operations = database.withTables<Tables>();
  const rows = await operations
    .selectFrom('operations')
    .where(sql.ref('kind'), '=', 'import')
    .where(sql.ref('ended_at_ms'), 'is', null)
    .select(['id', 'item', 'task'])
    .execute();
  const known = new Set<string>();
  for (const { id, item, task } of rows) {
    const digest = createHash('sha256')
      .update(item ?? '')
      .digest('hex');
    const same = JSON.stringify([digest, task]);
    await operations
      .updateTable('operations')
      // An older release may have accepted the same item twice. Both end, and neither is joined.
      .set({ task: task ?? '', item_digest: known.has(same) ? null : digest })
      .where('id', '=', id)
      .execute();
    known.add(same);
  }
  await schema
    .createIndex('operations_unfinished_same')
    .unique()
    .on('operations')
    .columns(['project_id', 'storage_unit_id', 'backup_id', 'item_digest', 'task'])
    .where(sql.ref('ended_at_ms'), 'is', null)
    .where(sql.ref('kind'), '=', sql.lit('import'))
    .execute();
}
