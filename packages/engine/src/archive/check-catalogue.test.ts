import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { v7 as newId } from 'uuid';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { importBackup, makeItem, makeProof, makeRun, makeSource } from '../catalogue/fixtures-for-conformance.ts';
import { parseDatabaseAddress } from '../catalogue/postgres/database-address.ts';
import { openPostgresCatalogue } from '../catalogue/postgres/open-postgres-catalogue.ts';
import { openSqliteCatalogue } from '../catalogue/sqlite/open-sqlite-catalogue.ts';
import { change, type DirectoryToMove, makeDirectoryToMove } from '../testing/catalogue-to-move.ts';
import { createMigratedDatabase } from '../testing/postgres-catalogue.ts';
import { run } from '../testing/test-database.ts';
import { backUpCatalogue } from './back-up-catalogue.ts';
import { checkCatalogue } from './check-catalogue.ts';
import { type CataloguePlace, readCatalogue } from './read-catalogue.ts';
import { restoreCatalogue } from './restore-catalogue.ts';

let made: DirectoryToMove;
let directory: string;
beforeEach(async () => {
  made = await makeDirectoryToMove();
  ({ directory } = made);
});
afterEach(() => made[Symbol.dispose]());

/** Records backups, one of them by the run of a source. */
async function fill(catalogue: Catalogue): Promise<void> {
  const projectId = newId();
  const sourceId = newId();
  await catalogue.sources.addSource(makeSource(projectId, sourceId, { name: 'nightly' }));
  const operation = makeRun(projectId, sourceId, newId());
  await catalogue.sourceRuns.startRun({ sourceId, operation, nextRunAtMs: null, confirmsRemovals: false });
  for (const [index, id] of ['a', 'b', 'c'].entries()) {
    const imported = await importBackup(catalogue, projectId, makeItem(id), {
      record: { takenAtMs: 500 + index, level: index === 0 ? 'content' : 'linkage' },
    });
    await catalogue.backups.recordVerdict({
      ...{ projectId, backupId: id, operationId: imported.id, endedAtMs: 3_000, decidedOnRevision: 1 },
      ...{ record: null, proofs: [makeProof(id)] },
    });
  }
  const seen = { imagePath: 'chain-1/a', backupId: 'a', importOperationId: null };
  await catalogue.sourceRuns.noteSightings(sourceId, operation.id, [seen]);
}

const check = (place: CataloguePlace) =>
  checkCatalogue(place, { signal: new AbortController().signal, onCheck: () => {} });

/** What contradicts the rest, as SQL for every database, with the fault and place that are found. */
const contradictions: readonly (readonly [sql: string, fault: string, place: string])[] = [
  ["UPDATE row_counts SET total = total + 1 WHERE subject = 'backup'", 'A count is not', 'backup, available'],
  [
    "UPDATE row_counts SET total = 9 WHERE subject = 'ended_import'",
    'A count is not',
    'ended_import, 1970-01-01 success',
  ],
  ['UPDATE resources SET backups = 7', 'A resource has another number of backups', 'resource-1'],
  ["UPDATE resource_heads SET backup_id = 'b'", 'The newest proved backup', 'resource-1, linkage'],
  ["DELETE FROM resource_heads WHERE level = 'content'", 'The newest proved backup', 'resource-1, content'],
  ['UPDATE resources SET proved_levels = 1', 'A resource has another number of proved levels', 'resource-1'],
  ["UPDATE backups SET last_operation_id = 'gone'", 'The last operation of a record', 'backup a'],
  ["UPDATE backups SET checkpoint_id = 'gone' WHERE backup_id = 'b'", 'The run that imported a record', 'backup b'],
  ["DELETE FROM verifications WHERE backup_id = 'c'", 'A record is proved', 'backup c'],
  ["UPDATE sources SET last_run_id = 'gone'", 'The newest run of a source', 'source nightly'],
  ["INSERT INTO joined_imports VALUES ('r', 'gone')", 'A row of joined_imports', 'operation gone'],
  [
    "UPDATE operations SET lease_owner = 'x' WHERE status = 'success'",
    'An operation has ended and has not',
    'operation ',
  ],
];

async function expectAllFound(place: CataloguePlace): Promise<void> {
  const { problems } = await check(place);
  for (const [sql, fault, named] of contradictions) {
    const problem = problems.find((each) => each.fault.startsWith(fault));
    expect(problem?.places, sql).toContainEqual(expect.stringContaining(named));
  }
}

test('a catalogue in a data directory has no problem while it is used, and each contradiction is named', async () => {
  await using catalogue = await openSqliteCatalogue({ directory });
  await fill(catalogue);
  expect(await check(directory)).toMatchObject({ problems: [] });
  for (const [sql] of contradictions) change(directory, (sqlite) => sqlite.exec(sql));
  await expectAllFound(directory);
});

test('a catalogue in a database has no problem while it is used, and each contradiction is named', async () => {
  await using database = await createMigratedDatabase();
  const place = parseDatabaseAddress(database.url, 'the test');
  const { catalogue } = openPostgresCatalogue({ url: database.url, storeJobs: async () => {} });
  await using _closed = catalogue;
  await fill(catalogue);
  expect(await check(place)).toMatchObject({ problems: [] });
  for (const [sql] of contradictions) await run(database.url, sql);
  await run(database.url, "SELECT setval(pg_get_serial_sequence('operations', 'sequence'), 1)");
  await expectAllFound(place);
  expect((await check(place)).problems).toContainEqual(
    expect.objectContaining({ fault: 'New rows of a table would get numbers that are used', places: ['operations'] }),
  );
});

test('a statement that reads a large table of a database has no limit of time', async () => {
  await using database = await createMigratedDatabase();
  const limit = await readCatalogue(parseDatabaseAddress(database.url, 'the test'), async (catalogue) => {
    const { rows } = await sql<{ statement_timeout: string }>`show statement_timeout`.execute(catalogue);
    return rows[0]?.statement_timeout;
  });
  expect(limit).toBe('0');
});

test('counts and numbers that are wrong are right after a backup and a restore, as their remedy says', async () => {
  {
    await using catalogue = await openSqliteCatalogue({ directory, inPlace: true });
    await fill(catalogue);
  }
  change(directory, (sqlite) => {
    sqlite.exec("UPDATE row_counts SET total = total + 1 WHERE subject = 'backup'");
    sqlite.exec("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'operations'");
  });
  const { problems } = await check(directory);
  expect(problems.map(({ fault }) => fault.slice(0, 8))).toEqual(['New rows', 'A count ']);
  for (const { remedy } of problems) expect(remedy).toContain('a restore counts and numbers again');
  const archive = join(made.root, 'catalogue.archive.gz');
  const to = join(made.root, 'restored');
  const shared = { secretKey: null, signal: new AbortController().signal, onRows: () => {} };
  await backUpCatalogue({
    ...shared,
    from: directory,
    output: archive,
    replace: false,
    withKey: false,
    release: '0.1.0',
  });
  await restoreCatalogue({ ...shared, archive, to, command: null });
  expect(await check(to)).toMatchObject({ problems: [] });
});

test('a damaged file is a problem, and the other checks are made as far as possible', async () => {
  {
    await using catalogue = await openSqliteCatalogue({ directory, inPlace: true });
    await fill(catalogue);
  }
  const bytes = readFileSync(join(directory, 'catalogue.sqlite'));
  // A page that the schema is not on: that of the index of the records by name.
  const page = pageOf('backups_by_name');
  bytes.fill(0xa5, (page - 1) * 4096 + 100, page * 4096);
  writeFileSync(join(directory, 'catalogue.sqlite'), bytes);
  const { problems } = await check(directory);
  expect(problems[0]?.fault).toBe('The file of the database is damaged');
});

test.each([
  ['no database', Buffer.alloc(8_192, 'not a database')],
  ['cut in its first page', Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(84, 1)])],
])('a file that is %s is a problem', async (_, bytes) => {
  writeFileSync(join(directory, 'catalogue.sqlite'), bytes);
  expect((await check(directory)).problems).toEqual([
    {
      fault: 'The file of the database is damaged',
      remedy: expect.stringContaining('Check the disk. Restore a backup'),
      places: [expect.stringMatching(/not a database|malformed/)],
      hasMore: false,
    },
  ]);
});

function pageOf(index: string): number {
  let page = 0;
  change(directory, (sqlite) => {
    page = Number(sqlite.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(index)?.rootpage);
  });
  return page;
}
