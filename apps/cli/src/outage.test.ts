import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { run, start, startServer, temporaryDirectory } from './testing.ts';
import { startHttpServer } from './testing-servers.ts';

const item = {
  backup_id: '1d3c3a1e-0000-4000-8000-000000000001',
  backup_name: 'nightly',
  bucket_name: 'backups',
  image_path: 'server/nightly',
  resource_id: 'vm-1',
  resource_name: 'web server',
  resource_type: 'OS::Nova::Server',
  created_at: 1_767_225_600,
};

/** An S3 service that answers every request with an error. */
async function failingStorage() {
  return await startHttpServer((_, response) => {
    response.writeHead(500, { 'Content-Type': 'application/xml' });
    response.end('<Error><Code>InternalError</Code><Message>try again</Message></Error>');
  });
}

const aws = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' };

test('a sync and its operation say what they wait for, and the sync ends when the operation is cancelled', async () => {
  await using storage = await failingStorage();
  const specification = `s3:${storage.endpoint}`;
  await using home = await temporaryDirectory();
  const dataDirectory = join(home.path, 'data');
  await using _server = await startServer(dataDirectory, specification, aws);
  const environment = { BACKUP_SYNC_DATA_DIR: dataDirectory, BACKUP_SYNC_STORAGE: specification };
  const command = (...args: readonly string[]) => run(args, { environment });
  const sync = start(['sync', '-', '--format', 'ndjson'], { environment });
  sync.stdin.end(`${JSON.stringify(item)}\n`);
  const ended = once(sync, 'close');
  let waits = '';
  for await (const line of createInterface({ input: sync.stderr })) {
    waits = line;
    if (line.startsWith('waiting: ')) break;
  }
  expect(waits).toMatch(
    /^waiting: storage_unreachable since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, \d+ attempts? failed, next at/,
  );

  const listed = await command('operations', 'list', '--json');
  const [operation] = JSON.parse(listed.output).operations;
  expect(operation).toMatchObject({ kind: 'import', reason: null });
  expect((await command('operations', 'cancel', operation.id)).output).toMatch(/ended as failed|stopping/);
  await ended;
  expect(sync.exitCode).toBe(3);
  const shown = await command('operations', 'show', operation.id);
  expect(shown.output).toContain('cancelled (BackupSync.2024)');
}, 60_000);

test('a server with no time to retry ends an operation when storage does not answer', async () => {
  await using storage = await failingStorage();
  const specification = `s3:${storage.endpoint}`;
  await using home = await temporaryDirectory();
  const environment = {
    ...aws,
    BACKUP_SYNC_DATA_DIR: join(home.path, 'data'),
    BACKUP_SYNC_STORAGE: specification,
    BACKUP_SYNC_RETRY_FOR: '0s',
  };
  const sync = await run(['sync', '-', '--format', 'ndjson'], { environment, input: `${JSON.stringify(item)}\n` });
  expect(sync.code).toBe(3);
  expect(sync.output).toContain('storage_unreachable (BackupSync.2004)');
}, 60_000);

test.each([
  ['BACKUP_SYNC_RETRY_FOR', '20', 'must be a duration such as 90s'],
  ['BACKUP_SYNC_BACKLOG', '0', 'must be a whole number above 0'],
])('%s=%s is refused, and the error says what it must be', async (name, value, said) => {
  const refused = await run(['operations', 'list'], { environment: { [name]: value } });
  expect(refused.code).toBe(1);
  expect(refused.messages).toContain(`${name} ${said}`);
});
