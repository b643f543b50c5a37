import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { expect, test } from 'vitest';
import { nodeSqliteDialect } from '../sqlite/node-sqlite-dialect.ts';
import * as initial from './0001-initial.ts';
import * as sources from './0002-sources.ts';
import * as backupAges from './0013-backup-ages.ts';

/** The time at which every record was written. */
const writtenMs = 1_700_000_000_000;

async function openBefore() {
  const sqlite = new DatabaseSync(':memory:');
  const database = new Kysely<unknown>({ dialect: nodeSqliteDialect(sqlite) });
  await initial.up(database);
  await sources.up(database);
  const insert = (table: string, row: Record<string, string | number | null>) => {
    const columns = Object.keys(row);
    sqlite.prepare(`INSERT INTO ${table} (${columns}) VALUES (${columns.map(() => '?')})`).run(...Object.values(row));
  };
  const addBackup = (id: string, more: Record<string, string | number | null>) =>
    insert('backups', {
      project_id: 'p',
      backup_id: id,
      backup_name: id,
      storage_unit_id: 'unit',
      bucket_name: 'bucket',
      image_path: id,
      resource_id: 'vm',
      resource_name: 'a machine',
      resource_type: 'x',
      taken_at_s: 1000,
      status: 'available',
      reason_detail: '',
      format: 'cinder',
      listing_digest: '',
      listing_fingerprint: '',
      object_count: 1,
      stored_bytes: 1,
      newest_object_at_ms: 2_000_000,
      level: 'linkage',
      verified_at_ms: 1,
      check_version: '',
      last_operation_id: '',
      created_at_ms: 1,
      updated_at_ms: writtenMs,
      revision: 1,
      ...more,
    });
  const all = (sql: string) =>
    sqlite
      .prepare(sql)
      .all()
      .map((row) => Object.values(row));
  return { database, insert, addBackup, all };
}

test('a recorded backup gets the earlier of the times of its request and its newest object', async () => {
  const { database, addBackup, all } = await openBefore();
  addBackup('object later', {});
  addBackup('object earlier', { newest_object_at_ms: 900_000 });
  addBackup('object in the same second', { newest_object_at_ms: 1_000_999 });
  addBackup('no object', { newest_object_at_ms: null });
  await backupAges.up(database);
  expect(all('SELECT backup_id, protected_at_s, taken_at_ms, taken_at_source FROM backups ORDER BY backup_id')).toEqual(
    [
      ['no object', 1000, 1_000_000, 'request'],
      ['object earlier', 1000, 900_000, 'object'],
      ['object in the same second', 1000, 1_000_999, 'object'],
      ['object later', 1000, 1_000_000, 'request'],
    ],
  );
});

test('resources and their newest backups are taken from the records, for each source too', async () => {
  const { database, insert, addBackup, all } = await openBefore();
  addBackup('old and deep', { level: 'content', taken_at_s: 1000 });
  addBackup('new', { level: 'metadata', taken_at_s: 1500 });
  addBackup('broken', { status: 'error', taken_at_s: 1800 });
  addBackup('forgotten', { forgotten_at_ms: 1, taken_at_s: 1900 });
  addBackup('of the future', { taken_at_s: writtenMs, newest_object_at_ms: null, resource_id: 'other' });
  insert('sources', {
    id: 's',
    project_id: 'p',
    name: 's',
    storage_unit_id: 'unit',
    bucket_name: 'bucket',
    prefix: '',
    level: 'linkage',
    removal_share: 0.2,
    created_at_ms: 1,
    updated_at_ms: 1,
  });
  for (const [image_path, backup_id] of [
    ['new', 'new'],
    ['elsewhere', 'old and deep'],
  ] as const) {
    insert('source_members', { source_id: 's', image_path, backup_id, seen_run_id: 'r', absent_runs: 0, held: 0 });
  }
  await backupAges.up(database);
  expect(all('SELECT source_id, resource_id, resource_name, backups FROM resources ORDER BY 1, 2')).toEqual([
    ['', 'other', 'a machine', 1],
    ['', 'vm', 'a machine', 3],
    ['s', 'vm', 'a machine', 1],
  ]);
  const heads = all('SELECT source_id, resource_id, level, backups, backup_id, taken_at_ms FROM resource_heads');
  expect(heads.map(String).toSorted()).toEqual([
    ',other,inventory,1,,',
    ',other,linkage,1,,',
    ',other,metadata,1,,',
    ',other,presence,1,,',
    ',vm,content,1,old and deep,1000000',
    ',vm,inventory,1,old and deep,1000000',
    ',vm,linkage,1,old and deep,1000000',
    ',vm,metadata,2,new,1500000',
    ',vm,presence,2,new,1500000',
    's,vm,metadata,1,new,1500000',
    's,vm,presence,1,new,1500000',
  ]);
});
