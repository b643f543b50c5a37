import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readProfiles } from './profiles.ts';
import { run, temporaryDirectory } from './testing.ts';
import { startHttpServer } from './testing-servers.ts';

const logins = 8;

/** Issues tokens to all callers at the same moment, once this many have asked. */
async function startTokenService(callers: number) {
  const waiting: ServerResponse[] = [];
  return await startHttpServer((_request, response) => {
    waiting.push(response);
    if (waiting.length < callers) return;
    for (const each of waiting) {
      each.writeHead(201, { 'Content-Type': 'application/json', 'X-Subject-Token': 'a-token' });
      const times = { issued_at: '2026-01-01T00:00:00.000000Z', expires_at: '2026-01-02T00:00:00.000000Z' };
      each.end(JSON.stringify({ token: { ...times, project: { id: 'p', name: 'default' } } }));
    }
  });
}

test('logins at the same time each save their profile', async () => {
  await using home = await temporaryDirectory();
  await using service = await startTokenService(logins);
  const names = Array.from({ length: logins }, (_, index) => `server-${index}`);
  const environment = { XDG_CONFIG_HOME: home.path, BACKUP_SYNC_PASSWORD: 'a password of this test' };
  const ended = await Promise.all(
    names.map((name) => run(['login', '--endpoint', service.endpoint, '--profile', name], { environment })),
  );
  expect(ended.map(({ code, messages }) => [code, messages])).toEqual(Array(logins).fill([0, '']));
  const profiles = await readProfiles(join(home.path, 'backup-sync', 'profiles.json'));
  expect([...profiles.keys()].toSorted()).toEqual(names);
});
