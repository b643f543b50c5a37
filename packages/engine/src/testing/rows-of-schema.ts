import type { DatabaseSync } from 'node:sqlite';
import { makeItem, storageUnitId } from '../catalogue/fixtures-for-conformance.ts';
import { itemToJson } from '../catalogue/operation-rows.ts';

const item = makeItem('backup-1');
const place = { storage_unit_id: storageUnitId, bucket_name: item.bucket_name };
const listing = { listing_digest: 'd', listing_fingerprint: 'f', object_count: 3, stored_bytes: 4096 };
const actor = { actor_kind: 'user', actor_name: 'ada' };

/** A call in progress when a release up to schema 18 was killed. */
export const intent = {
  projectId: 'project-1',
  actor: { kind: 'user', name: 'ada' },
  operation: 'deleteBackup',
  subjects: [{ field: 'backup_id', value: 'backup-1' }],
  door: 'rest',
  address: null,
  requestId: 'request-2',
  atMs: 2_000,
} as const;

type Row = Readonly<Record<string, string | number | null>>;

/** Rows for every table of any release, with every column of any release that needs a value. */
const rows: readonly (readonly [table: string, row: Row])[] = [
  ['projects', { id: 'project-1', name: 'the project', created_at_ms: 1_000 }],
  ['users', { id: 'user-1', name: 'ada', password_hash: 'hash', created_at_ms: 1_000 }],
  ['role_assignments', { user_id: 'user-1', project_id: 'project-1', role: 'administrator' }],
  ['bucket_bindings', { project_id: 'project-1', ...place }],
  ['bucket_grants', { project_id: 'project-1', ...place, prefix: '' }],
  [
    'tokens',
    {
      ...{ token_hash: 'token', user_id: 'user-1', user_name: 'ada', kind: 'user', project_id: 'project-1' },
      ...{ role: 'administrator', issued_at_ms: 1_000, expires_at_ms: 9_000 },
    },
  ],
  [
    'operations',
    {
      ...{ id: 'operation-1', project_id: 'project-1', kind: 'import', ...place, chain_root: 'chain-1' },
      ...{ backup_id: item.backup_id, resource_id: item.resource_id, resource_name: item.resource_name },
      ...{ item: itemToJson(item), ...actor, request_id: 'request-1', status: 'success', outcome: 'created' },
      ...{ message: 'Recorded.', reason_detail: '', level: 'linkage', created_at_ms: 1_000, started_at_ms: 1_500 },
      ...{ ended_at_ms: 3_000, updated_at_ms: 3_000, deadline_at_ms: 9_000, epoch: 1 },
    },
  ],
  [
    'operation_events',
    { project_id: 'project-1', cursor: 1, operation_id: 'operation-1', status: 'success', at_ms: 3_000 },
  ],
  [
    'backups',
    {
      ...{ project_id: 'project-1', backup_id: item.backup_id, backup_name: 'a name by a person' },
      ...{ requested_name: item.backup_name, ...place, image_path: item.image_path, resource_id: item.resource_id },
      ...{ resource_name: item.resource_name, resource_type: item.resource_type, taken_at_s: item.created_at },
      ...{ protected_at_s: item.created_at, taken_at_ms: 500, taken_at_source: 'object', newest_object_at_ms: 500 },
      ...{ status: 'available', reason_detail: '', format: 'cinder', ...listing, level: 'linkage', incremental: 0 },
      ...{ verified_at_ms: 2_000, check_version: '1', volume_bytes: 2 ** 40, last_operation_id: 'operation-1' },
      ...{ volume_sha256: 'sha256-1', volume_chain_digest: 'chain-1', created_at_ms: 3_000, updated_at_ms: 3_000 },
      ...{ revision: 1, source_id: 'source-1', ceiling: 'replay', expanded: null, facts: null, part_of: null },
    },
  ],
  [
    'verifications',
    {
      ...{ id: 'proof-1', project_id: 'project-1', backup_id: item.backup_id, operation_id: 'operation-1', ...place },
      ...{ image_path: item.image_path, ...listing, level: 'linkage', fault_detail: '', check_version: '1' },
      ...{ verified_at_ms: 2_000, metadata_objects: '[]' },
    },
  ],
  ['scan_findings', { operation_id: 'operation-1', sequence: 1, finding: '{}' }],
  [
    'verification_parts',
    {
      ...{ operation_id: 'operation-1', backup_id: item.backup_id, first_object: 0, link: 0, listing_digest: 'd' },
      ...{ state: 'open', epoch: 1, saves: 0, proved_objects: 0, stored_bytes: 0, plain_bytes: 0, fault_detail: '' },
    },
  ],
  [
    'sources',
    {
      ...{ id: 'source-1', project_id: 'project-1', name: 'nightly', ...place, prefix: '', level: 'linkage' },
      ...{ interval_s: 60, removal_share: 0.2, created_at_ms: 1_000, updated_at_ms: 1_000 },
    },
  ],
  [
    'source_members',
    {
      ...{ source_id: 'source-1', image_path: item.image_path, backup_id: item.backup_id, seen_run_id: 'run-1' },
      ...{ absent_runs: 0, held: 0 },
    },
  ],
  ...['', 'source-1'].flatMap((source_id) => {
    const resource = { project_id: 'project-1', source_id, resource_id: item.resource_id, backups: 1 };
    const head = { ...resource, backup_id: item.backup_id, taken_at_ms: 500, taken_at_source: 'object' };
    const levels = ['presence', 'metadata', 'inventory', 'linkage'];
    return [
      ['resources', { ...resource, resource_name: item.resource_name }] as const,
      ...levels.map((level) => ['resource_heads', { ...head, level }] as const),
    ];
  }),
  [
    'retired_resources',
    { project_id: 'project-1', resource_id: item.resource_id, retired_at_ms: 5_000, newest_taken_at_ms: 500 },
  ],
  ['joined_imports', { run_id: 'run-1', operation_id: 'operation-1' }],
  [
    'bucket_outages',
    {
      ...{ ...place, reason_code: 'storage_unreachable', reason_detail: 'refused', began_at_ms: 4_000 },
      ...{ attempts: 2, not_before_ms: 5_000 },
    },
  ],
  [
    'access_keys',
    { access_key: 'key-1', user_id: 'user-1', project_id: 'project-1', sealed_secret: 'sealed', created_at_ms: 1_000 },
  ],
  [
    'audit_events',
    {
      ...{ id: 'event-1', at_ms: 1_000, project_id: 'project-1', ...actor, operation: 'syncBackups', door: 'rest' },
      ...{ outcome: 'done', request_id: 'request-1' },
    },
  ],
  [
    'hooks',
    {
      ...{ id: 'hook-1', project_id: 'project-1', name: 'pager', url: 'https://alerts.example.com', events: '[]' },
      ...{ level: 'linkage', sealed_secret: 'sealed', created_at_ms: 1_000, cursor: 1 },
    },
  ],
  [
    'hook_events',
    {
      ...{ hook_id: 'hook-1', kind: 'source.held', subject: '["source","source-1"]', is_open: 1, since_ms: 2_000 },
      ...{ seen_at_ms: 2_000, changed_at_ms: 2_000, message_id: 'message-1', body: '{}', status: 'waiting', tries: 1 },
    },
  ],
  ['audit_subjects', { event_id: 'event-1', position: 0, field: 'backup_id', value: item.backup_id }],
  [
    'removed_operations',
    { project_id: 'project-1', kind: 'import', day: '1970-01-01', status: 'success', operations: 7 },
  ],
  [
    'proved_objects',
    {
      ...{ project_id: 'project-1', ...place, object_key: 'a', first_byte: 0, etag: 'e', size: 1, digest: 'd' },
      ...{ check_version: 'content/1', proved_at_ms: 2_000 },
    },
  ],
  ['settings', { name: 'storage_unit', value: 'file:/backups' }],
  ['audit_intents', { id: 'intent-1', call: JSON.stringify(intent) }],
];

/** Writes a row to each table of a database, limited to the columns that the database has. */
export function insertRowsOfSchema(sqlite: DatabaseSync): void {
  sqlite.exec('PRAGMA foreign_keys = ON');
  const findColumns = sqlite.prepare('SELECT name FROM pragma_table_info(?)');
  for (const [table, row] of rows) {
    const columns = findColumns.all(table).flatMap(({ name }) => (String(name) in row ? [String(name)] : []));
    if (columns.length === 0) continue;
    const values = columns.map((column) => row[column] ?? null);
    sqlite.prepare(`INSERT INTO ${table} (${columns}) VALUES (${columns.map(() => '?')})`).run(...values);
  }
}
