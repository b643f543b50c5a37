import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteCatalogue, openSqliteCatalogueToRead } from '../catalogue/sqlite/open-sqlite-catalogue.ts';
import {
  change,
  type DirectoryToMove,
  fill,
  makeDirectoryToMove,
  move,
  query,
  type Tables,
  tablesOfDatabase,
  tablesOfDirectory,
} from '../testing/catalogue-to-move.ts';
import { createMigratedDatabase } from '../testing/postgres-catalogue.ts';
import { createTestDatabase, run } from '../testing/test-database.ts';
import type { MoveStep } from './move-catalogue.ts';

let made: DirectoryToMove;
let root: string;
let directory: string;
beforeEach(async () => {
  made = await makeDirectoryToMove();
  ({ root, directory } = made);
});
afterEach(() => made[Symbol.dispose]());

function countOf(tables: Tables, table: string): number {
  return tables[table]?.length ?? 0;
}

test('a catalogue with rows in every table is the same in PostgreSQL', async () => {
  await fill(directory, 1_200);
  const texts = ['"quoted" \\ \'text\'', 'emoji 🗄️', 'line\u2028ends\u2029\r\n', '\u0001\u001b[31m', '', 'ä\u0308'];
  change(directory, (sqlite) => {
    for (const [index, text] of texts.entries()) {
      sqlite
        .prepare('UPDATE operations SET message = ?, progress = ? WHERE id = ?')
        .run(text, text, `many-${index + 1}`);
    }
    sqlite.prepare("UPDATE operations SET bytes_read = ? WHERE id = 'many-1'").run(Number.MAX_SAFE_INTEGER);
    sqlite.exec('UPDATE sources SET removal_share = 0.1 + 0.2; UPDATE operation_events SET cursor = 4711');
  });
  const before = await tablesOfDirectory(directory);
  expect(Object.entries(before).filter(([, rows]) => rows.length === 0)).toEqual([]);
  await using target = await createMigratedDatabase();
  const { tables } = await move(directory, target.url);
  expect(await tablesOfDatabase(target.url)).toEqual(before);
  using sqlite = new DatabaseSync(join(directory, 'catalogue.sqlite'), { readOnly: true });
  const counts = `SELECT project_id, subject, part, sum(total) AS rows FROM row_counts GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`;
  const counted = sqlite.prepare(counts).all();
  expect(counted).toContainEqual({ project_id: 'project-1', subject: 'scan', part: 'success', rows: 1_200 });
  expect((await query(target.url, counts)).map((row) => ({ ...row, rows: Number(row.rows) }))).toEqual(counted);
  expect(tables.map(({ table, rows }) => [table, rows])).toEqual(
    Object.entries(before).map(([table, rows]) => [table, rows.length]),
  );
});

test('a NUL in the key of an object is stored as nodes store it', async () => {
  await fill(directory);
  const detail = 'bucket/o\0dd/key';
  change(directory, (sqlite) => {
    sqlite.prepare('UPDATE scan_findings SET problem_path = ?1, problem_detail = ?1').run(detail);
    sqlite.prepare('UPDATE operations SET reason_detail = ?').run(detail);
  });
  await using target = await createMigratedDatabase();
  await move(directory, target.url);
  const tables = await tablesOfDatabase(target.url);
  expect(tables.operations).toMatchObject([{ reason_detail: 'bucket/o\ufffddd/key' }]);
  expect(tables.scan_findings).toMatchObject([
    { problem_path: 'bucket/o\ufffddd/key', problem_detail: 'bucket/o\ufffddd/key' },
  ]);
});

test('operations that were running wait in the database, and new ones are numbered after the greatest', async () => {
  await fill(directory, 3);
  change(directory, (sqlite) => {
    sqlite.exec(`UPDATE operations SET status = 'running', ended_at_ms = NULL, lease_owner = 'gone', started_at_ms = 7
      WHERE id = 'many-2'`);
  });
  await using target = await createMigratedDatabase();
  await move(directory, target.url);
  const running = 'SELECT status, lease_owner, started_at_ms FROM operations WHERE ended_at_ms IS NULL';
  expect(await query(target.url, running)).toEqual([{ status: 'waiting', lease_owner: null, started_at_ms: null }]);
  const events = "SELECT status FROM pending_events WHERE operation_id = 'many-2'";
  expect(await query(target.url, events)).toEqual([{ status: 'waiting' }]);
  const insert = `INSERT INTO operations (id, project_id, kind, storage_unit_id, bucket_name, actor_kind, actor_name,
      request_id, status, message, reason_detail, created_at_ms, updated_at_ms, deadline_at_ms, epoch)
    VALUES ('next', 'p', 'scan', 'u', 'b', 'user', 'ada', 'r', 'waiting', '', '', 1, 1, 1, 0) RETURNING sequence`;
  expect(await query(target.url, insert)).toEqual([{ sequence: 5 }]);
});

describe('afterwards', () => {
  test('the data directory says where its catalogue is, without the password', async () => {
    await fill(directory);
    await using target = await createMigratedDatabase();
    await move(directory, target.url);
    const { password, host, pathname } = new URL(target.url);
    const expected = {
      name: 'CatalogueMovedError',
      message: expect.stringMatching(`was moved to PostgreSQL \\(${host}${pathname}\\) on \\d{4}-\\d\\d-\\d\\d `),
    };
    await expect(openSqliteCatalogue({ directory })).rejects.toMatchObject(expected);
    await expect(openSqliteCatalogueToRead(directory)).rejects.toMatchObject(expected);
    // As if the move had been killed before it removed the archive.
    writeFileSync(join(directory, 'catalogue-move.archive.gz'), '');
    await expect(move(directory, target.url)).rejects.toMatchObject(expected);
    expect(readFileSync(join(directory, 'moved.json'), 'utf8')).not.toContain(password);
    expect(readdirSync(directory).filter((name) => name.includes('archive'))).toEqual([]);
  });

  test('the archive is there if its path was given, and a file at that path is not overwritten', async () => {
    await fill(directory);
    const archive = join(root, 'kept.gz');
    writeFileSync(archive, 'something else');
    await using target = await createMigratedDatabase();
    await expect(move(directory, target.url, { archive })).rejects.toMatchObject({
      message: expect.stringContaining('exists'),
    });
    expect(readFileSync(archive, 'utf8')).toBe('something else');
    const elsewhere = join(root, 'none', 'kept.gz');
    await expect(move(directory, target.url, { archive: elsewhere })).rejects.toMatchObject({
      ...{ name: 'ArchiveError', message: `The archive ${elsewhere} cannot be used: it cannot be written (ENOENT).` },
    });
    rmSync(archive);
    await move(directory, target.url, { archive });
    expect(existsSync(archive)).toBe(true);
  });
});

describe('refused', () => {
  /** Expects that a move is refused, changes nothing and shows no password. */
  async function expectRefused(url: string, name: string, message: string | RegExp): Promise<void> {
    const refusal = await move(directory, url).then(
      () => null,
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ name, message: expect.stringMatching(message) });
    expect(String(refusal)).not.toMatch(/hush|:[0-9a-f]{32}@/);
    expect(readdirSync(directory).filter((each) => /archive|moved/.test(each))).toEqual([]);
    await using _usable = await openSqliteCatalogue({ directory, inPlace: true });
  }

  test('a database with other content', async () => {
    await fill(directory);
    await using target = await createMigratedDatabase();
    await run(target.url, "INSERT INTO projects VALUES ('other', 'other', 1)");
    await expectRefused(target.url, 'DatabaseError', /table projects has rows\. Name a database with an empty/);
    expect((await tablesOfDatabase(target.url)).projects).toHaveLength(1);
  });

  test('a database to which another catalogue was moved', async () => {
    await using target = await createMigratedDatabase();
    await move(directory, target.url);
    rmSync(directory, { recursive: true });
    await using _created = await openSqliteCatalogue({ directory, inPlace: true });
    await _created[Symbol.asyncDispose]();
    await fill(directory);
    await expectRefused(target.url, 'DatabaseError', /was loaded from another archive, at 20/);
  });

  test('a database that live nodes use; dead ones do not matter', async () => {
    await using target = await createMigratedDatabase();
    const now = '(extract(epoch from clock_timestamp()) * 1000)::bigint';
    await run(
      target.url,
      `INSERT INTO nodes SELECT id, 'host', 1, '1', 1, 1, 1, at, 0, 0
        FROM (VALUES ('a', ${now}), ('b', ${now} - 60000)) AS node (id, at)`,
    );
    await expectRefused(target.url, 'DatabaseError', /is in use by 1 node\. Stop every process/);
    await run(target.url, "DELETE FROM nodes WHERE id = 'a'");
    await move(directory, target.url);
  });

  test('a database that a node began to use meanwhile', async () => {
    await fill(directory);
    await using target = await createMigratedDatabase();
    const now = '(extract(epoch from clock_timestamp()) * 1000)::bigint';
    const node = `INSERT INTO nodes VALUES ('a', 'host', 1, '1', 1, 1, ${now}, ${now}, 0, 0)`;
    // In another process, because a move does not wait for what its listeners do.
    const program =
      'const { Client } = require(process.argv[1]); const client = new Client(process.argv[2]);' +
      'client.connect().then(() => client.query(process.argv[3])).finally(() => client.end())';
    let isStarted = false;
    const startNode = (step: MoveStep) => {
      if (step !== 'check' || isStarted) return;
      isStarted = true;
      execFileSync(process.execPath, [
        '--eval',
        program,
        createRequire(import.meta.url).resolve('pg'),
        target.url,
        node,
      ]);
    };
    const inUse = { name: 'DatabaseError', message: expect.stringContaining('is in use by 1 node') };
    await expect(move(directory, target.url, { onRows: startNode })).rejects.toMatchObject(inUse);
    expect(readdirSync(directory).filter((each) => /archive|moved/.test(each))).toEqual([]);
    expect(countOf(await tablesOfDatabase(target.url), 'projects')).toBe(0);
  });

  test('a database without a catalogue, or with that of another release', async () => {
    await using empty = await createTestDatabase();
    await expectRefused(empty.url, 'DatabaseError', 'has no catalogue. Create it with "backup-sync migrate"');
    await using target = await createMigratedDatabase();
    await run(target.url, 'UPDATE schema_version SET version = version - 1');
    await expectRefused(target.url, 'DatabaseError', /needs schema \d+\. Upgrade it with "backup-sync migrate"/);
    await run(target.url, 'UPDATE schema_version SET version = version + 2');
    await expectRefused(target.url, 'DatabaseError', /Use the release that created the database/);
  });

  test('a database that cannot be reached or is not one, without its password', async () => {
    await using target = await createTestDatabase();
    const wrongPassword = new URL(target.url);
    wrongPassword.password = 'hush';
    await expectRefused(wrongPassword.href, 'DatabaseError', 'refuses the user or the password');
    await expectRefused(
      'postgres://ada:hush@127.0.0.1:1/none',
      'DatabaseError',
      /127\.0\.0\.1:1\/none cannot be reached: .*REFUSED/,
    );
    await expectRefused(
      'mysql://ada:hush@localhost/none',
      'DatabaseError',
      'give the address of a PostgreSQL database, such as',
    );
    await expectRefused(
      'postgres://ada:hush@[oops/none',
      'DatabaseError',
      'give the address of a PostgreSQL database, such as',
    );
  });

  test('a data directory in use, or without a catalogue', async () => {
    await using target = await createMigratedDatabase();
    await using _holder = await openSqliteCatalogue({ directory, inPlace: true });
    await expect(move(directory, target.url)).rejects.toMatchObject({ name: 'DataDirectoryInUseError' });
    await expect(move(directory, target.url, { from: join(root, 'none') })).rejects.toMatchObject({
      name: 'NoCatalogueError',
    });
    expect(readdirSync(root)).toEqual(['data']);
  });

  test('a text that PostgreSQL cannot store, with its place', async () => {
    await fill(directory);
    change(directory, (sqlite) => sqlite.prepare('UPDATE source_members SET image_path = ?').run('a\0b'));
    await using target = await createMigratedDatabase();
    const where = /image_path of the row "source-1", "a\\u0000b" of the table source_members has a NUL character/;
    await expectRefused(target.url, 'ArchiveError', where);
    expect(countOf(await tablesOfDatabase(target.url), 'projects')).toBe(0);
  });

  test('a key that does not open the secrets of the catalogue', async () => {
    await fill(directory);
    change(directory, (sqlite) => sqlite.exec('UPDATE access_keys SET disabled_at_ms = NULL'));
    await using target = await createMigratedDatabase();
    await expectRefused(target.url, 'SecretKeyError', 'cannot be opened: key-1');
  });

  test('a database to which something else writes meanwhile', async () => {
    await fill(directory);
    await using target = await createMigratedDatabase();
    let written: Promise<void> | null = null;
    const moving = move(directory, target.url, {
      onRows: (step) => {
        if (step === 'load') written ??= run(target.url, "INSERT INTO projects VALUES ('other', 'other', 1)");
      },
    });
    await expect(moving).rejects.toMatchObject({ message: expect.stringMatching(/rows/) });
    await written;
  });
});

test('two moves to one database at the same time do not mix', async () => {
  await fill(directory, 1_200);
  const other = join(root, 'other');
  {
    await using _created = await openSqliteCatalogue({ directory: other, inPlace: true });
  }
  await fill(other);
  change(other, (sqlite) => sqlite.exec("UPDATE projects SET name = 'other'"));
  await using target = await createMigratedDatabase();
  const ended = await Promise.allSettled([move(directory, target.url), move(directory, target.url, { from: other })]);
  expect(ended.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  const refused = ended.find((each) => each.status === 'rejected');
  expect(refused?.reason).toMatchObject({ name: 'DatabaseError' });
});
