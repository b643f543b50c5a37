import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseDatabaseAddress } from '../catalogue/postgres/database-address.ts';
import { openSqliteCatalogue, openSqliteCatalogueToRead } from '../catalogue/sqlite/open-sqlite-catalogue.ts';
import {
  change,
  type DirectoryToMove,
  fill,
  makeDirectoryToMove,
  query,
  type Tables,
  tablesOfDatabase,
  tablesOfDirectory,
} from '../testing/catalogue-to-move.ts';
import { createMigratedDatabase } from '../testing/postgres-catalogue.ts';
import { type BackUpOptions, backUpCatalogue } from './back-up-catalogue.ts';
import type { CataloguePlace } from './read-catalogue.ts';
import { type RestoreOptions, restoreCatalogue } from './restore-catalogue.ts';

const never = new AbortController().signal;
const key = Buffer.alloc(32, 7).toString('base64');

let made: DirectoryToMove;
let directory: string;
let archive: string;
let restored: string;
beforeEach(async () => {
  made = await makeDirectoryToMove();
  ({ directory } = made);
  archive = join(made.root, 'catalogue.archive.gz');
  restored = join(made.root, 'restored');
});
afterEach(() => made[Symbol.dispose]());

function backUp(options: Partial<BackUpOptions> = {}) {
  return backUpCatalogue({
    ...{ from: directory, output: archive, replace: false, withKey: false, secretKey: null, signal: never },
    release: '0.1.0',
    onRows: () => {},
    ...options,
  });
}

function restore(to: CataloguePlace = restored, options: Partial<RestoreOptions> = {}) {
  return restoreCatalogue({
    ...{ archive, to, secretKey: null, command: null, signal: never, onRows: () => {} },
    ...options,
  });
}

/** The tables that a restore changes. */
const settled = [
  ...[
    'tokens',
    'source_members',
    'bucket_outages',
    'settings',
    'audit_events',
    'audit_subjects',
    'hooks',
    'hook_events',
  ],
];
const eventTables = ['operation_events', 'pending_events'];

function without(tables: Tables, names: readonly string[]): Tables {
  return Object.fromEntries(Object.entries(tables).filter(([name]) => !names.includes(name)));
}

describe('a backup of a data directory', () => {
  test('is restored with everything; tokens end, absences count from the beginning, and the audit says who restored it', async () => {
    await fill(directory, 1_200);
    change(directory, (sqlite) => {
      sqlite.exec('UPDATE source_members SET absent_runs = 1');
      sqlite.exec(
        "UPDATE operations SET status = 'running', ended_at_ms = NULL, lease_owner = 'x' WHERE id = 'many-7'",
      );
    });
    writeFileSync(join(directory, 'storage-unit.json'), '{"storage":"file:/backups"}');
    const before = await tablesOfDirectory(directory);
    const done = await backUp();
    expect(statSync(archive).mode & 0o777).toBe(0o600);
    expect(done).toMatchObject({ bytes: statSync(archive).size, sealed: { accessKeys: 0, hooks: 1 }, hasKey: false });
    expect(await restore()).toMatchObject({
      backedUpAtMs: done.createdAtMs,
      rows: done.rows,
      storageUnit: 'file:/backups',
    });

    const after = await tablesOfDirectory(restored);
    const changed = [...settled, ...eventTables, 'operations'];
    expect(without(after, changed)).toEqual(without(before, changed));
    expect(after).toMatchObject({ tokens: [], bucket_outages: [], settings: [], pending_events: [] });
    expect(after.source_members).toMatchObject([{ absent_runs: 0, absent_run_id: null }]);
    expect(after.audit_events).toContainEqual(
      expect.objectContaining({ operation: 'restoreCatalogue', project_id: '' }),
    );
    // The event that no node had numbered, and that of the operation that waits again.
    expect(after.operation_events).toMatchObject([{ cursor: 1 }, { cursor: 2 }, { cursor: 3 }]);
    expect(after.operations?.find((row) => (row as { id: string }).id === 'many-7')).toMatchObject({
      ...{ status: 'waiting', lease_owner: null },
    });
    expect(readFileSync(join(restored, 'storage-unit.json'), 'utf8')).toContain('file:/backups');
    expect(statSync(join(restored, 'catalogue.sqlite')).mode & 0o777).toBe(0o600);
    await (await openSqliteCatalogue({ directory: restored, inPlace: true }))[Symbol.asyncDispose]();
  });

  test('has the state of one moment, although a server writes meanwhile', async () => {
    await fill(directory, 2_000);
    await using server = await openSqliteCatalogue({ directory });
    let left = 3;
    await backUp({
      onRows: (table) => {
        // A table that is written already, and one that is not yet.
        if (table !== 'operations' || left === 0) return;
        left -= 1;
        change(directory, (sqlite) => {
          sqlite.exec(`INSERT INTO projects VALUES ('late-${left}', 'late ${left}', 1)`);
          sqlite.exec(`INSERT INTO users VALUES ('late-${left}', 'late ${left}', 'hash', 1, NULL)`);
        });
      },
    });
    expect(left).toBe(0);
    await restore();
    const after = await tablesOfDirectory(restored);
    expect([after.projects?.length, after.users?.length]).toEqual([1, 1]);
    expect((await tablesOfDirectory(directory)).users).toHaveLength(4);
    await server.upkeep.ping();
  });

  test('has the key that opens the secrets if that is wanted, and a restore puts it in its place', async () => {
    writeFileSync(join(directory, 'secret.key'), `${key}\n`);
    expect(await backUp({ withKey: true })).toMatchObject({ hasKey: true });
    expect(await restore()).toMatchObject({ key: 'written' });
    expect(readFileSync(join(restored, 'secret.key'), 'utf8')).toBe(`${key}\n`);
    expect(statSync(join(restored, 'secret.key')).mode & 0o777).toBe(0o600);
    await backUp({ replace: true });
    expect(gunzipSync(readFileSync(archive)).toString()).not.toContain(key);
    expect(await restore(join(made.root, 'other'))).toMatchObject({ key: 'missing' });
    expect(existsSync(join(made.root, 'other', 'secret.key'))).toBe(false);
  });

  test('keeps an existing file unless it may be replaced, and leaves no part of a file when it is stopped', async () => {
    await fill(directory);
    writeFileSync(archive, 'precious');
    await expect(backUp()).rejects.toMatchObject({
      ...{ name: 'ArchiveError', message: expect.stringContaining('Name another one, or add --replace') },
    });
    const stopping = new AbortController();
    const stopped = backUp({ replace: true, signal: stopping.signal, onRows: () => stopping.abort() });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    expect(readdirSync(made.root).toSorted()).toEqual(['catalogue.archive.gz', 'data']);
    expect(readFileSync(archive, 'utf8')).toBe('precious');
    await backUp({ replace: true });
    expect(await restore()).toMatchObject({ rows: expect.any(Number) });
  });
});

describe('the file of a backup', () => {
  test('replaces only a file', async () => {
    const precious = join(made.root, 'precious');
    writeFileSync(precious, 'precious');
    symlinkSync(precious, archive);
    const socket = join(made.root, 'socket');
    await using server = createServer().listen(socket);
    await once(server, 'listening');
    for (const [output, kind] of [
      [archive, 'it is a symbolic link'],
      [socket, 'it is not a file'],
      [directory, 'it is a directory'],
    ] as const) {
      await expect(backUp({ output, replace: true }), kind).rejects.toMatchObject({
        ...{ name: 'ArchiveError', message: expect.stringContaining(kind) },
      });
    }
    expect(readlinkSync(archive)).toBe(precious);
    expect(lstatSync(socket).isSocket()).toBe(true);
    expect(readFileSync(precious, 'utf8')).toBe('precious');
    expect(readdirSync(made.root).toSorted()).toEqual(['catalogue.archive.gz', 'data', 'precious', 'socket']);
  });

  test.each([false, true])('is whole if two backups write it at once, with --replace: %s', async (replace) => {
    await fill(directory);
    const ends = await Promise.allSettled([backUp({ replace }), backUp({ replace })]);
    const refused = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
    const exists = { name: 'ArchiveError', message: expect.stringContaining('exists already') };
    expect(refused).toMatchObject(replace ? [] : [exists]);
    expect(readdirSync(made.root).toSorted()).toEqual(['catalogue.archive.gz', 'data']);
    expect(await restore()).toMatchObject({ rows: expect.any(Number) });
  });

  test('takes the remains of killed backups away, and not those of one that is running', async () => {
    const killed = `${archive}.0123abcd.partial`;
    const running = `${archive}.4567abcd.partial`;
    const other = join(made.root, 'other.gz.0123abcd.partial');
    for (const path of [killed, running, other]) writeFileSync(path, '');
    for (const path of [killed, other]) utimesSync(path, 1_000, 1_000);
    await backUp();
    expect([killed, running, other].map((path) => existsSync(path))).toEqual([false, true, true]);
  });
});

describe('a backup of a database', () => {
  test('is restored to a data directory and to another database, as it was at one moment', async () => {
    await fill(directory, 1_200);
    await using source = await createMigratedDatabase();
    await using target = await createMigratedDatabase();
    await backUp();
    const from = parseDatabaseAddress(source.url, 'the test');
    expect(await restore(from)).toMatchObject({ key: 'missing' });
    const before = await tablesOfDatabase(source.url);
    const second = join(made.root, 'second.gz');
    await backUp({ from, output: second });
    const to = parseDatabaseAddress(target.url, 'the test');
    const steps = new Set<string>();
    await restore(to, { archive: second, onRows: (step) => steps.add(step) });
    expect([...steps]).toEqual(['check', 'load', 'verify']);
    expect(without(await tablesOfDatabase(target.url), settled)).toEqual(without(before, settled));
    await restore(restored, { archive: second });
    const changed = [...settled, ...eventTables];
    expect(without(await tablesOfDirectory(restored), changed)).toEqual(without(before, changed));
    // New rows are numbered after those that were restored.
    const [numbers] = await query(
      target.url,
      "SELECT pg_sequence_last_value(pg_get_serial_sequence('operations', 'sequence')) AS last, max(sequence) AS max FROM operations",
    );
    expect(numbers?.last).toBe(numbers?.max);
    await expect(restore(to, { archive: second })).rejects.toMatchObject({
      ...{ name: 'DatabaseError', message: expect.stringContaining('was restored from this archive already') },
    });
    await expect(restore(to)).rejects.toMatchObject({
      ...{
        name: 'DatabaseError',
        message: expect.stringMatching(/cannot be restored to the database .* from another archive/),
      },
    });
  });

  test('needs the key of the nodes to contain it', async () => {
    await using source = await createMigratedDatabase();
    const from = parseDatabaseAddress(source.url, 'the test');
    await expect(backUp({ from, withKey: true })).rejects.toMatchObject({
      ...{ name: 'SecretKeyError', message: expect.stringContaining('leave --with-key out') },
    });
    expect(existsSync(archive)).toBe(false);
    expect(await backUp({ from, withKey: true, secretKey: key })).toMatchObject({ hasKey: true });
  });
});

describe('a restore', () => {
  beforeEach(async () => {
    await fill(directory);
    await backUp();
  });

  test('refuses a directory that has a catalogue, and one with other files', async () => {
    await expect(restore(directory)).rejects.toMatchObject({
      ...{ name: 'DataDirectoryError', message: expect.stringContaining('has a catalogue') },
    });
    mkdirSync(restored);
    writeFileSync(join(restored, 'letter.txt'), '');
    await expect(restore()).rejects.toMatchObject({ message: expect.stringContaining('contains other files') });
    expect(readdirSync(restored)).toEqual(['letter.txt']);
  });

  const damages: readonly (readonly [string, (bytes: Buffer) => Buffer, RegExp])[] = [
    ['cut by a byte', (bytes) => bytes.subarray(0, -1), /is cut off|Z_BUF/],
    ['empty', () => Buffer.alloc(0), /cut off|before the header/],
    ['a foreign file', () => Buffer.from('PGDMP something else'), /not a gzip file/],
    ['another compressed file', () => gzipSync('{"a":1}\n'), /not an archive of a catalogue/],
    ['a single endless line', () => gzipSync(Buffer.alloc(70 * 2 ** 20, 0x20)), /longer than/],
    ['another version', edited('"version":1', '"version":2'), /format has version 2/],
    [
      'another schema',
      edited(/"schema":\d+/, '"schema":7'),
      /schema 7; .*with release 0\.1\.0, which wrote it, then upgrade/,
    ],
    ['a hostile release', edited('"release":"0.1.0"', '"release":"\\u001b[2J"'), /not a complete header/],
    ['a changed value', edited('"nightly"', '"weekly!"'), /SHA-256/],
    ['a hostile number of rows', edited(/"rows":1,/, '"rows":9007199254740991,'), /rows, but its end says/],
    ['an incomplete header', edited('"secret_key":null,', ''), /not a complete header/],
  ];

  test.each(damages)('refuses an archive that is %s, and writes nothing', async (_, damage, message) => {
    writeFileSync(archive, damage(readFileSync(archive)));
    await expect(restore()).rejects.toMatchObject({ name: 'ArchiveError', message: expect.stringMatching(message) });
    expect(existsSync(restored)).toBe(false);
  });

  test('refuses an archive with a flipped byte, unless its content is the same', async () => {
    const bytes = readFileSync(archive);
    await restore();
    const whole = await tablesOfDirectory(restored);
    let refused = 0;
    // Not the header of gzip, whose time and system mean nothing.
    for (let index = 10; index < bytes.length; index += Math.ceil(bytes.length / 20)) {
      const flipped = Buffer.from(bytes);
      flipped[index] = (flipped[index] ?? 0) ^ 0x40;
      writeFileSync(archive, flipped);
      const to = join(made.root, `byte-${index}`);
      const outcome = await restore(to).catch((error: unknown) => error);
      if (outcome instanceof Error) {
        expect(outcome.name, `byte ${index}`).toBe('ArchiveError');
        expect(existsSync(to)).toBe(false);
        refused += 1;
      } else expect(without(await tablesOfDirectory(to), settled)).toEqual(without(whole, settled));
    }
    expect(refused).toBeGreaterThan(10);
  });

  test.each(['check', 'load', 'verify'])(
    'that is stopped while it does its step "%s" leaves no catalogue',
    async (at) => {
      const stopping = new AbortController();
      const stopped = restore(restored, {
        signal: stopping.signal,
        onRows: (step) => void (step === at && stopping.abort(new Error('stopped'))),
      });
      await expect(stopped).rejects.toThrow('stopped');
      await expect(openSqliteCatalogueToRead(restored)).rejects.toMatchObject({ name: 'NoCatalogueError' });
      await restore();
      await (await openSqliteCatalogueToRead(restored))[Symbol.asyncDispose]();
    },
  );

  test('pauses all hooks, and gives up what they had not delivered', async () => {
    const [hook, events] = ['hooks', 'hook_events'];
    change(directory, (sqlite) => sqlite.exec("UPDATE hook_events SET status = 'waiting', claimed_until_ms = 5"));
    await backUp({ replace: true });
    await restore();
    const after = await tablesOfDirectory(restored);
    expect(after[hook]).toMatchObject([{ paused_at_ms: expect.any(Number) }]);
    expect(after[events]).toMatchObject([
      { status: 'failed', claimed_until_ms: null, last_answer: 'not sent: the catalogue was restored' },
    ]);
  });

  test('that was killed keeps others from beginning an empty catalogue, and begins again', async () => {
    mkdirSync(restored);
    for (const name of ['lock.sqlite', 'catalogue.restoring.sqlite', 'catalogue.restoring.sqlite-wal']) {
      writeFileSync(join(restored, name), '');
    }
    for (const open of [openSqliteCatalogue({ directory: restored }), openSqliteCatalogueToRead(restored)]) {
      await expect(open).rejects.toMatchObject({
        ...{ name: 'DataDirectoryError', message: expect.stringContaining('catalogue restore" again') },
      });
    }
    await restore();
    await (await openSqliteCatalogue({ directory: restored, inPlace: true }))[Symbol.asyncDispose]();
  });
});

/** Changes the text of an archive. */
function edited(from: string | RegExp, to: string): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const text = gunzipSync(bytes).toString();
    const changed = text.replace(from, to);
    if (changed === text) throw new Error('nothing was changed');
    return gzipSync(changed);
  };
}
