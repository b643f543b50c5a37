import type { Kysely, QueryExecutorProvider, SchemaModule } from 'kysely';
import { initial } from './migrations/0001-initial.ts';
import { sources } from './migrations/0002-sources.ts';
import { operationListing } from './migrations/0003-operation-listing.ts';
import { verificationsOfBackup } from './migrations/0004-verifications-of-backup.ts';
import { operationEvents } from './migrations/0005-operation-events.ts';
import { identity } from './migrations/0006-identity.ts';
import { auditIntents } from './migrations/0007-audit-intents.ts';
import { eventsByProject } from './migrations/0008-events-by-project.ts';
import { sharedListing } from './migrations/0009-shared-listing.ts';
import { remarkOfProof } from './migrations/0010-remark-of-proof.ts';
import { waits } from './migrations/0011-waits.ts';
import { runs } from './migrations/0012-runs.ts';
import { backupAges } from './migrations/0013-backup-ages.ts';
import { storedRetries } from './migrations/0014-stored-retries.ts';
import { renamedBackups } from './migrations/0015-renamed-backups.ts';
import { retiredResources } from './migrations/0016-retired-resources.ts';
import { volumeHash } from './migrations/0017-volume-hash.ts';
import { auditWithChange } from './migrations/0018-audit-with-change.ts';
import type { Schema } from './schema.ts';

/** One step of the schema. Numbers follow one another from 1, and a migration never changes once released. */
export type Migration = {
  readonly number: number;
  readonly name: string;
  readonly up: (schema: SchemaModule, database: QueryExecutorProvider) => Promise<void>;
};

const migrations: readonly Migration[] = [
  initial,
  sources,
  operationListing,
  verificationsOfBackup,
  operationEvents,
  identity,
  auditIntents,
  eventsByProject,
  sharedListing,
  remarkOfProof,
  waits,
  runs,
  backupAges,
  storedRetries,
  renamedBackups,
  retiredResources,
  volumeHash,
  auditWithChange,
];

/** The catalogue was written by a newer release: an older one would misread it, so it does not open it. */
export class NewerSchemaError extends Error {
  override readonly name = 'NewerSchemaError';
  readonly found: number;
  readonly known: number;

  constructor(found: number, known: number) {
    super(
      `The catalogue has schema ${found}; this release knows schemas up to ${known}. ` +
        'Use the release that wrote it, or a newer one.',
    );
    this.found = found;
    this.known = known;
  }
}

type MigrationTable = { schema_migrations: { number: number; name: string } };

/** The schema that this release needs: the number of its newest migration. */
export const newestSchema = migrations.length;

/** The schema that a database has; 0 if it is new. Throws {@link NewerSchemaError}. */
export async function findSchema(database: Kysely<Schema>): Promise<number> {
  const log = database.withTables<MigrationTable>();
  await log.schema
    .createTable('schema_migrations')
    .ifNotExists()
    .addColumn('number', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .execute();
  const newest = await log
    .selectFrom('schema_migrations')
    .select('number')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  const found = newest?.number ?? 0;
  if (found > newestSchema) throw new NewerSchemaError(found, newestSchema);
  return found;
}

/**
 * Brings the schema up to what this release needs, in one transaction. Otherwise, a first start that is interrupted would
 * leave an older schema, which the next start would take for the catalogue of an older release. Never goes back.
 */
export async function migrate(database: Kysely<Schema>): Promise<void> {
  const found = await findSchema(database);
  await database.transaction().execute(async (transaction) => {
    const log = transaction.withTables<MigrationTable>();
    for (const { number, name, up } of migrations.slice(found)) {
      await up(log.schema, log);
      await log.insertInto('schema_migrations').values({ number, name }).execute();
    }
  });
}
