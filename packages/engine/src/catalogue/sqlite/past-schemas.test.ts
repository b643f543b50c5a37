import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lastNumberedSchema, makeDatabaseOfSchema, migrateAsEarlierRelease } from '../../testing/earlier-release.ts';
import { insertRowsOfSchema, intent } from '../../testing/rows-of-schema.ts';
import { backupFilter, operationFilter } from '../fixtures-for-conformance.ts';
import { migrate, newestSchema } from '../migrate.ts';
import * as migrations from '../migrations.ts';
import type { Schema } from '../schema.ts';
import { type Connection, connect } from './connection.ts';
import { findSchema } from './find-schema.ts';
import { nodeSqliteDialect } from './node-sqlite-dialect.ts';
import { openSqliteCatalogue, openSqliteCatalogueToRead } from './open-sqlite-catalogue.ts';
import { StepsInPlace } from './steps-in-place.ts';

const names = Object.keys(migrations);
const pastSchemas = Array.from({ length: newestSchema }, (_, index) => index + 1);

let root: string;
let directory: string;
let path: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'backup-sync-schemas-'));
  directory = join(root, 'data');
  path = join(directory, 'catalogue.sqlite');
  mkdirSync(directory);
});
afterEach(() => rmSync(root, { recursive: true }));

/** Opens and closes the data directory as a server does. */
async function open(): Promise<void> {
  await using _opened = await openSqliteCatalogue({ directory, inPlace: true });
}

/** Creates a database with a row in each table, as left by the release whose newest schema was this one. */
async function leaveRows(schema: number): Promise<void> {
  using sqlite = await makeDatabaseOfSchema(path, schema);
  insertRowsOfSchema(sqlite);
}

/** The SQL of the schema of a new database. */
const fresh = await sqlOfNewDatabase();

async function sqlOfNewDatabase(): Promise<readonly string[]> {
  using sqlite = new DatabaseSync(':memory:');
  await migrate(new Kysely<Schema>({ dialect: nodeSqliteDialect(sqlite) }));
  return sqlOf(sqlite);
}

function sqlOf(sqlite: DatabaseSync): readonly string[] {
  const rows = sqlite.prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL').all();
  return rows.map(({ sql }) => String(sql)).toSorted();
}

type Dump = { readonly [table: string]: readonly unknown[] };

/** Returns the SQL and all rows of the database in the data directory. */
function dump(): { readonly sql: readonly string[]; readonly rows: Dump } {
  using sqlite = new DatabaseSync(path, { readOnly: true });
  const tables = sqlite.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const rows = tables.map(({ name }) => [name, sqlite.prepare(`SELECT * FROM "${name}"`).all()]);
  return { sql: sqlOf(sqlite), rows: Object.fromEntries(rows) };
}

/** Returns what callers that list the catalogue get. */
async function list() {
  const steps = new StepsInPlace(connect(path, 'read'));
  const filter = { project_id: 'project-1', level: 'linkage', limit: 10 } as const;
  try {
    return {
      backups: await steps.call('listBackups', [backupFilter('project-1')], null, null),
      resources: (await steps.call('listResources', [filter], null, null)).rows,
      standings: await steps.call('countStandings', [filter, { nowMs: 9_000, maxAgeS: null }], null, null),
      days: await steps.call(
        'countOperationDays',
        [{ project_id: 'project-1', from: '1970-01-01', to: '1970-01-31' }],
        null,
        null,
      ),
      operations: await steps.call('listOperationLogs', [operationFilter('project-1')], null, null),
      events: await steps.call(
        'listEvents',
        [{ projectId: 'project-1', operationId: null, after: 0, limit: 10 }],
        null,
        null,
      ),
      sources: await steps.call('listSources', ['project-1'], null, null),
      users: await steps.call('listUsers', [], null, null),
      grants: await steps.call('listGrants', ['project-1'], null, null),
      keys: await steps.call('listAccessKeys', [], null, null),
      outages: await steps.call('listOutages', [], null, null),
      auditEvents: (await steps.call('listAuditEvents', [{ limit: 10 }], null, null)).events,
    };
  } finally {
    await steps.close();
  }
}

test.each(pastSchemas)(
  'a data directory of schema %i opens with all rows and the schema of a new one, and earlier releases refuse it',
  async (schema) => {
    await leaveRows(schema);
    await open();
    const since = <Value>(first: number, value: Value) => (schema >= first ? value : null);
    const rowsSince = <Row>(first: number, row: Row) => (schema >= first ? [row] : []);
    expect(await list()).toMatchObject({
      backups: {
        count: 1,
        rows: [
          {
            backupId: 'backup-1',
            backupName: 'a name by a person',
            requestedName: since(15, 'name of backup-1'),
            takenAtMs: 500,
            takenAtSource: 'object',
            level: 'linkage',
            // A backup in a format that can be replayed, and proved to what a sync proves.
            form: { ceiling: 'replay', gaps: [] },
            volumeHash: since(17, { sha256: 'sha256-1', chainDigest: 'chain-1' }),
          },
        ],
      },
      resources: [
        {
          resourceId: 'resource-1',
          backups: 1,
          proved: 1,
          head: { backupId: 'backup-1', takenAtMs: 500, takenAtSource: 'object' },
          retiredAtMs: since(16, 5_000),
        },
      ],
      // A retired resource is not counted as one without a proved backup.
      standings: { resources: 1, unproved: 0, retired: schema >= 16 ? 1 : 0 },
      days: [{ date: '1970-01-01', kind: 'import', status: 'success', operations: schema >= 32 ? 8 : 1 }],
      operations: { count: 1, rows: [{ id: 'operation-1', status: 'success', outcome: 'created' }] },
      events: { events: rowsSince(5, { cursor: 1, operation: { id: 'operation-1' } }) },
      sources: schema === 1 ? [] : [{ id: 'source-1', name: 'nightly', incompleteAfterS: 86_400 }],
      users: [{ name: 'ada', roles: [{ projectName: 'the project', role: 'administrator' }] }],
      grants: [{ projectId: 'project-1', bucketName: 'bucket-1', prefix: '' }],
      keys: rowsSince(6, { accessKey: 'key-1', userName: 'ada' }),
      outages: rowsSince(14, { bucketName: 'bucket-1', attempts: 2 }),
      auditEvents: [
        ...rowsSince(6, { id: 'event-1', subjects: [{ field: 'backup_id', value: 'backup-1' }] }),
        // A call that an older release had started and not ended.
        ...(schema >= 7 && schema < 19 ? [{ ...intent, outcome: 'interrupted', errorCode: null }] : []),
      ],
    });
    const opened = dump();
    expect(opened.sql).toEqual(fresh);
    expect(opened.rows.kysely_migration).toMatchObject(names.map((name) => ({ name })));
    expect(opened.rows.schema_migrations).toEqual([{ number: 18, name: 'see kysely_migration' }]);
    using sqlite = new DatabaseSync(path);
    expect(sqlite.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    expect(sqlite.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
    for (let known = 1; known <= lastNumberedSchema; known += 1) {
      const refusal = `The catalogue has schema 18; this release knows schemas up to ${known}. Use the release that`;
      await expect(migrateAsEarlierRelease(sqlite, known)).rejects.toThrow(refusal);
    }
    expect(dump()).toEqual(opened);
  },
);

test.each([1, lastNumberedSchema])(
  'an upgrade from schema %i that runs out of disk space at any point changes nothing',
  async (schema) => {
    await leaveRows(schema);
    const before = dump();
    let failures = 0;
    while (true) {
      const connection = connect(path, 'write');
      try {
        limitGrowth(connection, failures);
        await migrate(connection.database, findSchema(connection));
        break;
      } catch (error) {
        failures += 1;
        expect(error).toMatchObject({ errcode: 13, message: 'database or disk is full' });
        expect(dump()).toEqual(before);
      } finally {
        connection.sqlite.close();
      }
    }
    expect(failures).toBeGreaterThan(2);
    expect(dump().rows.kysely_migration).toHaveLength(newestSchema);
  },
);

/** Lets the database grow by this many pages only, as if its disk had no more. */
function limitGrowth({ sqlite }: Connection, pages: number): void {
  const used = Number(sqlite.prepare('PRAGMA page_count').get()?.page_count);
  sqlite.exec(`PRAGMA max_page_count = ${used + pages}`);
}

test('every migration is listed under the name of its file, and their numbers count from 1', () => {
  const files = readdirSync(new URL('../migrations/', import.meta.url)).filter((name) => !name.endsWith('.test.ts'));
  expect(names.map((name) => `${name}.ts`)).toEqual(files.toSorted());
  expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(pastSchemas);
});

describe('recorded migrations', () => {
  test.each([
    [
      'of a newer release',
      `INSERT INTO kysely_migration VALUES ('9999-later', '')`,
      'has schema 9999; this release knows',
    ],
    [
      'with one renamed',
      `UPDATE kysely_migration SET name = '0003-mine' WHERE name LIKE '0003%'`,
      'its migration 3 is recorded as "0003-mine", which should be "0003-operation-listing"',
    ],
    [
      'with a gap',
      `DELETE FROM kysely_migration WHERE name LIKE '0004%'`,
      'its migration 4 is recorded as "0005-operation-events", which should be "0004-verifications-of-backup"',
    ],
    [
      'with one that no release knows',
      `INSERT INTO kysely_migration VALUES ('mine', '')`,
      `its migration ${newestSchema + 1} is recorded as "mine", which no release knows`,
    ],
    ['without any', 'DELETE FROM kysely_migration', 'it has a table "'],
    [
      'only in the table of earlier releases',
      'DROP TABLE kysely_migration',
      `its migration 1 is recorded as "0018-kysely-migrator", which should be "0001-initial"`,
    ],
    ['in no table', 'DROP TABLE kysely_migration; DROP TABLE schema_migrations', 'it has a table "'],
  ])('%s are refused before anything is written', (_, damage, message) => expectRefusal(newestSchema, damage, message));

  test('of an earlier release, with a gap, are refused before anything is written', () =>
    expectRefusal(
      lastNumberedSchema,
      'DELETE FROM schema_migrations WHERE number = 4',
      'its migration 4 is recorded as "0005-operation-events", which should be "0004-verifications-of-backup"',
    ));
});

async function expectRefusal(schema: number, damage: string, message: string): Promise<void> {
  await leaveRows(schema);
  {
    using sqlite = new DatabaseSync(path);
    sqlite.exec(damage);
  }
  const before = dump();
  await expect(open()).rejects.toThrow(message);
  await expect(openSqliteCatalogueToRead(directory)).rejects.toThrow(message);
  expect(dump()).toEqual(before);
  expect(readdirSync(directory).filter((name) => name.includes('schema'))).toEqual([]);
}
