import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MetricName, metrics } from '@backup-sync/contracts';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { specificationExample, startTestGateway, type TestGateway } from '../testing.ts';
import { openMetrics } from './open-metrics.ts';
import { readScrape, type Sample } from './testing-scrape.ts';

const hostileName = 'a "quoted" \\ name\nbackup_sync_ready 0';
const openMetricsType = 'application/openmetrics-text; version=1.0.0';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(
    { [specificationExample.bucket_name]: { [`${specificationExample.image_path}/object`]: 'content' } },
    { metrics: { host: '127.0.0.1', port: 0 } },
  );
  const items = [
    { ...specificationExample, resource_name: hostileName },
    { ...specificationExample, backup_id: crypto.randomUUID(), image_path: 'nothing/is/here' },
  ];
  const { body } = await gateway.call('POST', '/v3/{project_id}/backups/sync', { sync: items });
  for (const { operation_log_id } of body.sync) await gateway.ended(operation_log_id);
  await gateway.call('POST', '/v1/projects/{project_id}/sources', {
    name: 'nightly',
    bucket_name: specificationExample.bucket_name,
    interval_s: 86_400,
  });
  await gateway.call('GET', '/v3/{project_id}/backups/unknown');
});
afterAll(() => gateway[Symbol.asyncDispose]());

const address = () => gateway.metricsAddress ?? '';
async function scrape(): Promise<readonly Sample[]> {
  const response = await fetch(address());
  expect(response.status).toBe(200);
  return readScrape(await response.text());
}
const valueIn = (samples: readonly Sample[], name: MetricName, labels: Record<string, string> = {}) =>
  samples.find((sample) => {
    const wanted = Object.entries(labels);
    return sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value);
  })?.value;

/** Sends a request with a header that `fetch` does not send. Returns the status. */
function statusFor(headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(address(), { headers }, (response) => resolve(response.resume().statusCode))
      .once('error', reject)
      .end();
  });
}

test('a scrape has exactly the metrics of the contract, with their types and labels', async () => {
  const text = await (await fetch(address())).text();
  const types = [...text.matchAll(/^# TYPE (backup_sync_\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]);
  expect(Object.fromEntries(types)).toEqual(
    Object.fromEntries(Object.entries(metrics).map(([name, { type }]) => [name, type])),
  );
  expect(types).toHaveLength(Object.keys(metrics).length);
  for (const [, name, labels] of text.matchAll(/^(backup_sync_\w+)(?:\{(.*)\})? /gm)) {
    const names = [...(labels ?? '').matchAll(/(?:^|,)(\w+)=/g)].map(([, label]) => label);
    expect(names, name).toEqual(metrics[name as MetricName].labels);
  }
  const withSeries = new Set(readScrape(text).map(({ name }) => name));
  const without = Object.keys(metrics).filter((name) => !withSeries.has(name));
  // Nothing like that has happened.
  expect(without).toEqual([
    'backup_sync_source_last_complete_scan_timestamp_seconds',
    'backup_sync_bucket_outage_began_timestamp_seconds',
  ]);
});

test('OpenMetrics has the same series, and ends as it must', async () => {
  const text = await scrape();
  const response = await fetch(address(), { headers: { Accept: `${openMetricsType};q=0.8,text/plain;q=0.5` } });
  expect(response.headers.get('Content-Type')).toContain(openMetricsType);
  const body = await response.text();
  expect(body.match(/# EOF/g)).toHaveLength(1);
  expect(body).toMatch(/\n# EOF\n$/);
  const own = (samples: readonly Sample[]) =>
    samples.filter(({ name }) => name.startsWith('backup_sync_')).map(({ name, labels }) => ({ name, labels }));
  expect(own(readScrape(body))).toEqual(own(text));
});

test('operations, calls, requests and proofs are counted', async () => {
  const samples = await scrape();
  const import_ = { kind: 'import' };
  expect(valueIn(samples, 'backup_sync_operations_total', { ...import_, result: 'success' })).toBe(1);
  const failed = { ...import_, result: 'failed' };
  expect(valueIn(samples, 'backup_sync_operations_total', { ...failed, reason: 'path_not_found' })).toBe(1);
  // So that the first failure is a rise.
  expect(valueIn(samples, 'backup_sync_operations_total', { ...failed, reason: 'access_denied' })).toBe(0);
  expect(valueIn(samples, 'backup_sync_calls_total', { call: 'syncBackups', status: '2xx' })).toBe(1);
  expect(valueIn(samples, 'backup_sync_calls_total', { call: 'showBackup', status: '4xx' })).toBe(1);
  const bucket = specificationExample.bucket_name;
  const requests = valueIn(samples, 'backup_sync_storage_requests_total', { bucket, kind: 'list', result: 'ok' });
  expect(requests).toBeGreaterThan(0);
  expect(valueIn(samples, 'backup_sync_proved_bytes_total', { level: 'presence' })).toBe('content'.length);
});

test('a name with quotes and line breaks is one label', async () => {
  const samples = await scrape();
  const info = samples.find(({ name }) => name === 'backup_sync_resource_info');
  expect(info?.labels).toEqual({
    project: gateway.projectId,
    resource: specificationExample.resource_id,
    resource_name: hostileName,
  });
  expect(valueIn(samples, 'backup_sync_ready')).toBe(1);
});

test('there is nothing else at the address of the metrics, and a page of another host cannot read them', async () => {
  const status = async (path: string, options?: RequestInit) => (await fetch(new URL(path, address()), options)).status;
  expect(await status('/healthz')).toBe(404);
  expect(await status('/metrics', { method: 'POST' })).toBe(405);
  expect(await statusFor({ Host: 'rebound.example' })).toBe(403);
  expect(await statusFor({ Host: 'localhost:9187' })).toBe(200);
  expect(await statusFor({ Host: '[::1]:9187' })).toBe(200);
  expect((await fetch(`${gateway.endpoint}/metrics`)).status).toBe(404);
});

const place = { host: '127.0.0.1', port: 0, version: '0.0.0', dataDirectory: null, onFault: () => {} };

test('while the server starts and stops, the answer is 503 and says so', async () => {
  await using opened = await openMetrics(place);
  const answer = async () => {
    const response = await fetch(opened.address);
    return [response.status, await response.text()];
  };
  expect(await answer()).toEqual([503, 'the server is starting\n']);
  opened.stop();
  expect(await answer()).toEqual([503, 'the server is stopping\n']);
});

test('with a token, only requests with this token are answered, from any host', async () => {
  await using opened = await openMetrics({ ...place, token: 'a long enough token'.replaceAll(' ', '-') });
  const status = async (authorization?: string) => {
    const headers = authorization === undefined ? {} : { Authorization: authorization };
    return (await fetch(opened.address, { headers })).status;
  };
  expect(await status()).toBe(401);
  expect(await status('Bearer a-long-enough-toke')).toBe(401);
  expect(await status('Basic a-long-enough-token')).toBe(401);
  // It has not begun.
  expect(await status('Bearer a-long-enough-token')).toBe(503);
});

test('beyond loopback, the metrics are offered over TLS with a token', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'backup-sync-metrics-'));
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'backups.example' }]);
  const tls = { certificate: join(directory, 'certificate.pem'), key: join(directory, 'key.pem') };
  await writeFile(tls.certificate, cert);
  await writeFile(tls.key, key);
  await using opened = await openMetrics({ ...place, host: '0.0.0.0', token: 'a-long-enough-token', tls });
  await rm(directory, { recursive: true });
  const statusWith = (headers: Record<string, string>) =>
    new Promise((resolve, reject) => {
      const url = opened.address.replace('0.0.0.0', '127.0.0.1');
      requestOverTls(url, { headers, ca: cert, servername: 'backups.example', agent: false }, (response) =>
        resolve(response.resume().statusCode),
      )
        .once('error', reject)
        .end();
    });
  expect(await statusWith({})).toBe(401);
  // It has not begun.
  expect(await statusWith({ Authorization: 'Bearer a-long-enough-token' })).toBe(503);
});

test('metrics that the network could read are refused, and so is an address that is in use', async () => {
  const open = (changes: object) => openMetrics({ ...place, ...changes });
  await expect(open({ host: '0.0.0.0' })).rejects.toThrow(/BACKUP_SYNC_METRICS_TOKEN_FILE/);
  await expect(open({ host: '0.0.0.0', token: 'a-long-enough-token' })).rejects.toThrow(/BACKUP_SYNC_TLS_CERTIFICATE/);
  const port = Number(new URL(address()).port);
  await expect(open({ port })).rejects.toThrow(/is in use by another program; .* --metrics-listen host:port/);
});
