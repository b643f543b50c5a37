import pg from 'pg';
import { type BamStatusSummary, PgBoss, type Queue, type SchemaDriftReport } from 'pg-boss';
import bossPackage from 'pg-boss/package.json' with { type: 'json' };
import type { DatabaseAddress } from '../../catalogue/postgres/database-address.ts';
import { DatabaseError } from '../../catalogue/postgres/database-address.ts';
import { reasonOf } from '../../catalogue/postgres/postgres-fault.ts';
import { systemSleep } from '../../storage/bucket-budget.ts';
import { heartbeatSeconds } from './job-store.ts';
import { queueName } from './jobs.ts';

/** The schema of pg-boss in the database of the catalogue. */
export const queueSchema = 'pgboss';

const definition: Omit<Queue, 'name'> = {
  // One job of a key runs, and one more waits.
  policy: 'stately',
  // The longest an operation may run, so that its job is not given to a second node before.
  expireInSeconds: 24 * 60 * 60,
  heartbeatSeconds,
  // Only crashes retry a job. The operation row decides when that has happened too often.
  retryLimit: 1_000_000,
  retryDelay: 0,
};

/** Time between two looks at the indexes that are being built, in milliseconds. */
const looksEveryMs = 500;

/**
 * Creates or updates the schema and the queue of pg-boss, and waits until its indexes are built. Throws the errors of
 * the database.
 */
export async function migratePgBoss(url: string): Promise<void> {
  await using boss = await open(url, true);
  const known = await boss.running.getQueue(queueName);
  if (known === null) await boss.running.createQueue(queueName, definition);
  else {
    const { policy: _, ...changeable } = definition;
    await boss.running.updateQueue(queueName, changeable);
  }
  // Only a process that may change the schema builds them, in the background.
  while (isBuilding(await boss.running.getBamStatus())) await systemSleep(looksEveryMs, undefined);
}

function isBuilding(work: readonly BamStatusSummary[]): boolean {
  return work.some(({ status }) => status === 'pending' || status === 'in_progress');
}

/** Compares the schema of pg-boss with the one that this release needs. Throws if its version does not fit. */
export async function findPgBossDrift(url: string): Promise<SchemaDriftReport> {
  await using boss = await open(url, false);
  return await boss.running.detectSchemaDrift();
}

/** Says for an operator why pg-boss refuses the queue in a database, and what to do. */
export async function queueRefusal({ url, shown }: DatabaseAddress, error: unknown): Promise<DatabaseError> {
  const found = await findVersion(url).catch(() => null);
  const needed = bossPackage.pgboss.schema;
  const isVersion = found !== null && found !== needed;
  const problem = isVersion
    ? `has version ${found}; this release needs version ${needed}`
    : `does not fit this release: ${error instanceof Error ? reasonOf(error) : error}`;
  const remedy =
    isVersion && found > needed
      ? 'Use the release that has run "backup-sync migrate".'
      : 'Upgrade it with "backup-sync migrate".';
  return new DatabaseError(`The queue in the database ${shown} ${problem}. ${remedy}`, { cause: error });
}

async function findVersion(url: string): Promise<number | null> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<{ version: number }>(`select version from ${queueSchema}.version`);
    return rows[0]?.version ?? null;
  } finally {
    await client.end();
  }
}

/** A pg-boss that only changes or reads its schema. */
async function open(url: string, migrates: boolean) {
  const boss = new PgBoss({
    connectionString: url,
    schema: queueSchema,
    application_name: 'backup-sync migrate',
    max: 2,
    migrate: migrates,
    createSchema: migrates,
    // The least: how often it looks for indexes to build.
    bamIntervalSeconds: 10,
    supervise: false,
    schedule: false,
    registerInstance: false,
    openTelemetry: { enabled: false },
  });
  // An emitter without a listener would end the process. Each call throws its errors as well.
  boss.on('error', () => {});
  try {
    await boss.start();
  } catch (error) {
    await boss.stop({ graceful: false });
    throw error;
  }
  return { running: boss, [Symbol.asyncDispose]: () => boss.stop({ graceful: false }) };
}
