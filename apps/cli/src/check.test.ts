import { createServer } from 'node:http';
import { toWireTime } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { runInProcess } from './conformance/run-in-process.ts';

const pageMax = 1000;

/** A server that has so many resources, and answers nothing but pages of them. */
async function serveResources(count: number) {
  const asked: string[] = [];
  const ids = Array.from({ length: count }, (_, index) => `vm-${String(index).padStart(6, '0')}`);
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    asked.push(`${request.method} ${url.pathname}`);
    if (url.pathname !== '/v1/projects/p/resources') {
      response.writeHead(404).end();
      return;
    }
    const marker = url.searchParams.get('marker') ?? '';
    const resources = ids
      .filter((id) => id > marker)
      .slice(0, pageMax)
      .map((id) => ({
        resource_id: id,
        resource_name: id,
        backups: 5000,
        proved_backups: 5000,
        newest_proved_backup_id: `backup of ${id}`,
        newest_proved_at: toWireTime(0),
        newest_proved_at_source: id === ids.at(-1) ? 'object' : 'format',
        newest_proved_age_s: id === ids.at(-1) ? 7200 : 3600,
      }));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ resources, count, limit: pageMax }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    asked,
    environment: {
      BACKUP_SYNC_ENDPOINT: `http://127.0.0.1:${port}`,
      BACKUP_SYNC_TOKEN: 'a-token',
      BACKUP_SYNC_PROJECT: 'p',
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test.each([
  [1, 1],
  [1000, 2],
  [2500, 3],
])('%i resources with 5,000 backups each are checked in %i calls', async (count, calls) => {
  await using server = await serveResources(count);
  const ended = await runInProcess(['check', '--max-age', '26h'], server.environment);
  expect(ended.output).toMatch(new RegExp(`^OK: ${count} resources? ha.* the newest is ~2 h old at most\n$`));
  expect(ended.code).toBe(0);
  expect(server.asked).toEqual(Array(calls).fill('GET /v1/projects/p/resources'));
});
