import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Backup, backup, type OperationLog, operationLog } from '@backup-sync/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixture, isFixtureThere } from './fixtures-for-tests.ts';
import { adminPassword, startTestGateway, type TestAnswer, type TestGateway } from './testing.ts';

type Recorded = {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
};

const folder = fixture('official-clients');
const files = isFixtureThere(folder) ? readdirSync(folder).filter((name) => name.endsWith('.ndjson')) : [];

const recordedProject = '0605767b5a80d5762fb7c00c3fcf1b5d';
const recordedLog = '154f0a9d-ba53-4e91-a3e2-a918710a9e0d';
const backupId = '1f9e6b47-7655-4a19-b563-21b4ef023025';
const bucketName = '1555230361623e4ce4700dab84b7d8169a5eaec05227d';
/** Headers that the HTTP client sets itself, or that are credentials. */
const notReplayed = /^(host|connection|content-length|authorization|x-auth-token|x-project-id|x-sdk-date)$/i;

describe.skipIf(files.length === 0)('requests of official clients are answered as they need it', () => {
  let gateway: TestGateway;
  let sourceId: string;
  let logId: string;

  beforeAll(async () => {
    gateway = await startTestGateway({ [bucketName]: { 'a/b/c/disk.vmdk': 'bytes' }, vault: {} });
    const { body } = await gateway.call('POST', '/v1/projects/{project_id}/sources', {
      name: 'v1',
      bucket_name: 'vault',
      force: true,
    });
    sourceId = body.source.id;
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    expect(gateway.faults).toEqual([]);
  });

  /** Replays a recorded request to this server, with its credentials. */
  async function replay({ method, target, headers, body }: Recorded): Promise<TestAnswer> {
    const path = target.replace(recordedProject, '{project_id}').replace(recordedLog, logId);
    const sent = body
      .replace('"vault_id": "v1"', `"vault_id": "${sourceId}"`)
      .replace('"password": "pw"', `"password": "${adminPassword}"`);
    const kept = Object.fromEntries(headers.filter(([name]) => !notReplayed.test(name)));
    const answer = await gateway.call(method, path, sent === '' ? undefined : sent, kept);
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    return answer;
  }

  for (const file of files) {
    test(file, async () => {
      const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n');
      const isSeeded = file.startsWith('openstack');
      const item = { backup_id: backupId, backup_name: '备份', bucket_name: bucketName, image_path: 'a/b/c' };
      const resource = { resource_id: 'r', resource_name: 'resource name', created_at: 1_553_587_260 };
      const seeded = await gateway.call('POST', '/v3/{project_id}/backups/sync', { sync: [{ ...item, ...resource }] });
      logId = seeded.body.sync[0].operation_log_id;
      await gateway.ended(logId);

      for (const recorded of lines.map((line): Recorded => JSON.parse(line))) {
        const answer = await replay(recorded);
        await checkForm(recorded, answer, isSeeded);
      }
    });
  }

  async function checkForm({ method, target }: Recorded, { status, body, headers }: TestAnswer, isSeeded: boolean) {
    const path = target.replace(recordedProject, '{project_id}').replace(/\?.*/, '');
    const query = new URLSearchParams(target.split('?')[1]);
    switch (`${method} ${path}`) {
      case 'POST /v3/{project_id}/backups/sync':
        expect(status).toBe(200);
        expect(body).toEqual({ sync: [{ backup_id: backupId, operation_log_id: expect.any(String) }] });
        await gateway.ended(body.sync[0].operation_log_id);
        return;
      case `GET /v3/{project_id}/operation-logs/${recordedLog}`:
        expect(status).toBe(200);
        checkOperationLog(body.operation_log);
        expect(body.operation_log).toMatchObject({ id: logId, status: 'success', operation_type: 'sync' });
        return;
      case 'GET /v3/{project_id}/operation-logs':
        expect(status).toBe(200);
        expect(body).toMatchObject({ count: expect.any(Number), offset: 0, limit: Number(query.get('limit') ?? 1000) });
        for (const each of body.operation_logs) checkOperationLog(each);
        return;
      case `GET /v3/{project_id}/backups/${backupId}`:
        expect(status).toBe(200);
        checkBackup(body.backup);
        expect(body.backup).toMatchObject({ id: backupId, status: 'available' });
        return;
      case 'GET /v3/{project_id}/backups': {
        expect(status).toBe(200);
        expect(body).toMatchObject({ count: expect.any(Number), offset: 0, limit: Number(query.get('limit') ?? 1000) });
        for (const each of body.backups) checkBackup(each);
        const ids = body.backups.map(({ id }: Backup) => id);
        // A filter by part of its name does not match it, and a page after the marker does not contain it.
        if (isSeeded) expect(ids).toEqual(query.has('marker') ? [] : [backupId]);
        return;
      }
      case 'POST /v3/{project_id}/checkpoints/sync':
        expect(status).toBe(200);
        expect(body).toEqual({ sync: { vault_id: sourceId, operation_log_id: expect.any(String) } });
        await gateway.ended(body.sync.operation_log_id);
        return;
      case `DELETE /v3/{project_id}/backups/${backupId}`:
        expect([status, body]).toEqual([204, null]);
        return;
      case 'GET /v3/{project_id}/backups/missing':
        expect(status).toBe(404);
        expect(body).toMatchObject({
          error_code: expect.stringMatching(/^\w+\.\d{4}$/),
          error_msg: expect.any(String),
        });
        return;
      case 'GET /v3/projects':
        expect(status).toBe(200);
        expect(body.projects[0].id).toBe(gateway.projectId);
        return;
      case 'GET /v3':
        expect(status).toBe(200);
        expect(body.version).toMatchObject({ status: 'stable', links: [{ rel: 'self' }] });
        return;
      case 'POST /v3/auth/tokens': {
        expect(status).toBe(201);
        expect(headers.get('x-subject-token')).not.toBeNull();
        const cbr = body.token.catalog.find(({ type }: { type: string }) => type === 'cbr');
        expect(cbr.endpoints[0]).toMatchObject({ interface: 'public', region: 'local', region_id: 'local' });
        expect(cbr.endpoints[0].url).toBe(`${gateway.endpoint}/v3/${gateway.projectId}`);
        return;
      }
      default:
        throw new Error(`nothing is said of ${method} ${path}`);
    }
  }
});

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
const text = expect.any(String);

/** The fields in CBR's documentation, with the types that generated clients expect. */
function checkBackup(value: Backup): void {
  expect(() => backup.parse(value)).not.toThrow();
  const { id, name, created_at, updated_at, protected_at, ...rest } = value;
  expect({ id, name, created_at, updated_at, protected_at }).toEqual({
    id: text,
    name: text,
    created_at: time,
    updated_at: time,
    protected_at: time,
  });
  expect(Object.keys(rest)).toEqual(
    expect.arrayContaining([
      ...['description', 'checkpoint_id', 'expired_at', 'extend_info', 'image_type', 'parent_id', 'project_id'],
      ...['enterprise_project_id', 'resource_az', 'resource_id', 'resource_name', 'resource_size', 'resource_type'],
      ...['status', 'vault_id', 'provider_id', 'incremental', 'version', 'replication_records', 'children'],
    ]),
  );
  expect(Number.isInteger(value.version)).toBe(true);
}

function checkOperationLog(value: OperationLog): void {
  expect(() => operationLog.parse(value)).not.toThrow();
  expect(Object.keys(value)).toEqual(
    expect.arrayContaining([
      ...['id', 'checkpoint_id', 'created_at', 'started_at', 'ended_at', 'updated_at', 'error_info', 'extra_info'],
      ...['operation_type', 'policy_id', 'project_id', 'provider_id', 'vault_id', 'vault_name', 'status'],
    ]),
  );
  expect(value).toMatchObject({
    id: text,
    created_at: time,
    updated_at: time,
    error_info: { code: text, message: text },
  });
  expect(value.extra_info.common).toEqual({ progress: expect.any(Number), request_id: text, task_id: text });
  expect(value.status).not.toBe('skipped');
}
