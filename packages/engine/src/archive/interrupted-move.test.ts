import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkDatabase } from '../catalogue/postgres/check-database.ts';
import { parseDatabaseAddress } from '../catalogue/postgres/database-address.ts';
import { openSqliteCatalogue, openSqliteCatalogueToRead } from '../catalogue/sqlite/open-sqlite-catalogue.ts';
import {
  connect,
  type DirectoryToMove,
  fill,
  makeDirectoryToMove,
  move,
  query,
  tablesOfDatabase,
  tablesOfDirectory,
} from '../testing/catalogue-to-move.ts';
import { createMigratedDatabase } from '../testing/postgres-catalogue.ts';
import { run } from '../testing/test-database.ts';
import type { MoveStep } from './move-catalogue.ts';

let made: DirectoryToMove;
let directory: string;
beforeEach(async () => {
  made = await makeDirectoryToMove();
  ({ directory } = made);
});
afterEach(() => made[Symbol.dispose]());

describe('a move that was interrupted', () => {
  /** Moves in another process, and kills it when it has reported its progress this many times. */
  async function moveUntilKilled(url: string, step: MoveStep, news: number): Promise<void> {
    const program = fileURLToPath(new URL('../testing/move-until-killed.ts', import.meta.url));
    const args = ['--conditions=@backup-sync/source', program, directory, url, step, String(news)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    const [said] = await Promise.race([once(child.stdout, 'data'), ended]);
    expect(String(said)).toBe('there\n');
    child.kill('SIGKILL');
    await ended;
  }

  /** Moves, and stops like Ctrl-C when it has reported its progress this many times. */
  async function moveUntilStopped(url: string, step: MoveStep, news: number): Promise<void> {
    const stopping = new AbortController();
    let left = news;
    const onRows = (of: MoveStep) => {
      if (of === step) left -= 1;
      if (left === 0) stopping.abort();
    };
    await expect(move(directory, url, { signal: stopping.signal, onRows })).rejects.toMatchObject({
      name: 'AbortError',
    });
  }

  test('continues with the same command, wherever it was killed', async () => {
    await fill(directory, 1_200);
    const before = await tablesOfDirectory(directory);
    await using target = await createMigratedDatabase();
    const tableCount = Object.keys(before).length;

    await moveUntilKilled(target.url, 'write', tableCount / 2);
    // Nothing is loaded, so the catalogue can still be used here.
    await (await openSqliteCatalogueToRead(directory))[Symbol.asyncDispose]();

    await moveUntilKilled(target.url, 'load', tableCount / 2);
    const loaded = await tablesOfDatabase(target.url);
    expect(Object.values(loaded).flat().length).toBeGreaterThan(0);
    expect(loaded).not.toEqual(before);
    const advice = expect.stringContaining('Run the same "backup-sync catalogue move" again');
    await expect(openSqliteCatalogueToRead(directory)).rejects.toMatchObject({
      ...{ name: 'CatalogueMovedError', message: advice },
    });
    await expect(checkDatabase(parseDatabaseAddress(target.url, 'it'))).rejects.toMatchObject({
      ...{ name: 'DatabaseError', message: expect.stringContaining('was interrupted. Run the same command again') },
    });

    await moveUntilKilled(target.url, 'verify', tableCount / 2);
    const loadedAgain: string[] = [];
    await move(directory, target.url, { onRows: (step, table) => void (step === 'load' && loadedAgain.push(table)) });
    expect(loadedAgain).toEqual([]);
    await checkDatabase(parseDatabaseAddress(target.url, 'it'));
    expect(await tablesOfDatabase(target.url)).toEqual(before);
  });

  test('loads more with each attempt, and nothing twice', async () => {
    await fill(directory, 1_200);
    const before = await tablesOfDirectory(directory);
    await using target = await createMigratedDatabase();
    const places: string[] = [];
    for (let attempts = 0; attempts < 6; attempts += 1) {
      await moveUntilStopped(target.url, 'load', 1);
      const [place] = await query(target.url, 'SELECT table_number, row_count FROM archive_loads');
      places.push(JSON.stringify(place));
    }
    expect(new Set(places).size).toBe(places.length);
    await move(directory, target.url);
    expect(await tablesOfDatabase(target.url)).toEqual(before);
  });

  test('writes the archive again if it is gone or damaged', async () => {
    await fill(directory, 1_200);
    const before = await tablesOfDirectory(directory);
    await using target = await createMigratedDatabase();
    const archive = join(directory, 'catalogue-move.archive.gz');
    await moveUntilStopped(target.url, 'load', 8);
    writeFileSync(archive, readFileSync(archive).subarray(0, 5_000));
    await moveUntilStopped(target.url, 'load', 1);
    rmSync(archive);
    await move(directory, target.url);
    expect(await tablesOfDatabase(target.url)).toEqual(before);
  });

  test('loads nothing if only the data directory does not know that it was finished', async () => {
    await fill(directory);
    await using target = await createMigratedDatabase();
    await move(directory, target.url);
    const path = join(directory, 'moved.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), moved_at_ms: null }));
    // The cluster is at work by now.
    await run(target.url, "UPDATE projects SET name = 'renamed'");
    await move(directory, target.url);
    expect((await tablesOfDatabase(target.url)).projects).toMatchObject([{ name: 'renamed' }]);
    await expect(openSqliteCatalogue({ directory })).rejects.toMatchObject({ name: 'CatalogueMovedError' });
  });

  test('continues after the database has cut its connections', async () => {
    await fill(directory, 1_200);
    const before = await tablesOfDirectory(directory);
    await using target = await createMigratedDatabase();
    const cutter = await connect(target.url);
    const others = 'datname = current_database() AND pid <> pg_backend_pid()';
    const stopping = new AbortController();
    const cutAll = async () => {
      while (!stopping.signal.aborted) {
        await cutter.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${others}`);
      }
      await cutter.end();
    };
    let cutting: Promise<void> | null = null;
    const moving = move(directory, target.url, {
      onRows: (step) => {
        if (step === 'load') cutting ??= cutAll();
      },
    });
    await expect(moving).rejects.toMatchObject({
      name: 'CatalogueUnavailableError',
      message: expect.stringMatching(/does not answer: .*\. Run the same command again: it continues where it stopped/),
    });
    stopping.abort();
    await cutting;
    await move(directory, target.url);
    expect(await tablesOfDatabase(target.url)).toEqual(before);
  });

  test('cannot continue with another database, and says which it was', async () => {
    await fill(directory);
    await using target = await createMigratedDatabase();
    await using other = await createMigratedDatabase();
    await moveUntilStopped(target.url, 'load', 1);
    await expect(move(directory, other.url)).rejects.toMatchObject({
      name: 'CatalogueMovedError',
      message: expect.stringContaining(new URL(target.url).pathname),
    });
  });

  test('continues from the beginning if the database was created again', async () => {
    await fill(directory);
    const before = await tablesOfDirectory(directory);
    await using target = await createMigratedDatabase();
    await moveUntilStopped(target.url, 'load', 4);
    await run(target.url, `TRUNCATE ${Object.keys(before)}, archive_loads`);
    await move(directory, target.url);
    expect(await tablesOfDatabase(target.url)).toEqual(before);
  });
});
