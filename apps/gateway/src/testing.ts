import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BackupSyncInput, OperationLog } from '@backup-sync/contracts';
import { hasEnded, operationLog } from '@backup-sync/contracts';
import { makeDataDirectory } from '@backup-sync/engine/test-data-directory';
import { type LocalServeOptions, type RunningGateway, serve } from './serve.ts';

export const adminPassword = 'correct horse battery staple';

export type TestGateway = AsyncDisposable & {
  readonly endpoint: string;
  readonly projectId: string;
  readonly token: string;
  readonly dataDirectory: string;
  readonly faults: unknown[];
  readonly metricsAddress: RunningGateway['metricsAddress'];
  readonly renewCertificate: RunningGateway['renewCertificate'];
  readonly reconfigure: RunningGateway['reconfigure'];
  readonly drain: RunningGateway['drain'];
  readonly failed: RunningGateway['failed'];
  /** Makes a call, with the token unless headers replace it. Sends `body` as JSON, or unchanged if it is a string. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<TestAnswer>;
  /** Waits until an operation has ended. */
  ended(operationLogId: string): Promise<OperationLog>;
};

// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the body, whatever its type.
export type TestAnswer = { readonly status: number; readonly headers: Headers; readonly body: any };

/**
 * Asks until the answer is not null, and returns it. Pauses for 10 ms each time, so as not to take the processor from
 * what it waits for.
 */
export async function askUntilNotNull<Answer>(ask: () => Promise<Answer | null>): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    await delay(10);
  }
}

/** Starts a real gateway on a free port, with buckets that contain these objects. */
export async function startTestGateway(
  buckets: Record<string, Record<string, string>>,
  options: Partial<
    Pick<
      LocalServeOptions,
      | 'publicUrl'
      | 'consoleDirectory'
      | 'limits'
      | 'clock'
      | 'trustedProxies'
      | 'tls'
      | 'storage'
      | 'backlogMax'
      | 'keystone'
      | 'log'
      | 'metrics'
    >
  > = {},
): Promise<TestGateway> {
  await using stack = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-'));
  stack.defer(() => rm(home, { recursive: true, force: true }));
  for (const [bucket, objects] of Object.entries(buckets)) {
    await mkdir(join(home, 'buckets', bucket), { recursive: true });
    for (const [key, content] of Object.entries(objects)) {
      const path = join(home, 'buckets', bucket, key);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    }
  }
  await mkdir(join(home, 'buckets'), { recursive: true });
  const faults: unknown[] = [];
  const dataDirectory = join(home, 'data');
  await makeDataDirectory(dataDirectory);
  const gateway = stack.use(
    await serve({
      storage: `file:${join(home, 'buckets')}`,
      consoleDirectory: null,
      ...options,
      // Tests ask again and again until something has ended.
      limits: { callsPerSecond: Infinity, unknownCallsPerSecond: Infinity, ...options.limits },
      dataDirectory,
      administratorPassword: adminPassword,
      host: '127.0.0.1',
      port: 0,
      version: '0.0.0',
      onFault: (_place, error) => faults.push(error),
    }),
  );
  const call: TestGateway['call'] = async (method, path, body, headers = {}) => {
    const response = await fetch(gateway.endpoint + path.replace('{project_id}', gateway.projectId), {
      method,
      headers: {
        'X-Auth-Token': gateway.token,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = text !== '' && response.headers.get('Content-Type')?.includes('json') === true;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : null };
  };
  const owned = stack.move();
  return {
    endpoint: gateway.endpoint,
    projectId: gateway.projectId,
    token: gateway.token,
    dataDirectory,
    faults,
    metricsAddress: gateway.metricsAddress,
    renewCertificate: gateway.renewCertificate,
    reconfigure: gateway.reconfigure,
    drain: gateway.drain,
    failed: gateway.failed,
    call,
    async ended(operationLogId) {
      const look = async () => {
        const { body } = await call('GET', `/v3/{project_id}/operation-logs/${operationLogId}`);
        const log = operationLog.parse(body.operation_log);
        return hasEnded(log.status) ? log : null;
      };
      return await askUntilNotNull(look);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The example item of the CBR specification. */
export const specificationExample: BackupSyncInput = {
  backup_id: '1f9e6b47-7655-4a19-b563-21b4ef023025',
  resource_id: '96f7512d-239d-3f31-80cf-d1ce041df9a6',
  resource_name: 'resource_name',
  resource_type: 'OS::Native::Server',
  bucket_name: '1555230361623e4ce4700dab84b7d8169a5eaec05227d',
  image_path:
    '6abec15e-7baf-4d79-b5a9-6b98a2da7020/cfe0295c-5939-4b31-96cd-161b4725e7ad/cfe0295c-5939-4b31-96cd-161b4725e7ad',
  created_at: 1553587260,
  backup_name: 'backup_name',
};
