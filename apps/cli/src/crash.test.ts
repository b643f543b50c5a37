import { once } from 'node:events';
import { join } from 'node:path';
import { syncBackupsAnswer } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { startServer, temporaryDirectory } from './testing.ts';
import { gatedStorage } from './testing-gated-storage.ts';
import { runInProcess } from './testing-in-process.ts';

test.each([0, 20])(
  'a kill -9 after the 200 answer and %i of 50 imports loses nothing: each import ends after a restart',
  async (free) => {
    await using home = await temporaryDirectory();
    await using storage = await gatedStorage(free);
    const dataDirectory = join(home.path, 'data');
    const environment = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    const server = await startServer(dataDirectory, storage.specification, environment);
    const local = ['--data-dir', dataDirectory, '--storage', storage.specification, '--json'];
    const { token } = JSON.parse((await runInProcess(['token', ...local])).output);
    const sync = Array.from({ length: 50 }, (_, index) => ({
      backup_id: `backup-${index}`,
      backup_name: `backup-${index}`,
      bucket_name: 'bucket',
      image_path: `plan/server/${index}`,
      resource_id: 'server',
      resource_name: 'server',
      resource_type: 'OS::VMware::Server',
      created_at: 1_700_000_000,
    }));
    const answer = await fetch(`${server.endpoint}/v3/${server.projectId}/backups/sync`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Auth-Token': token },
      body: JSON.stringify({ sync }),
    });
    expect(answer.status).toBe(200);
    const accepted = syncBackupsAnswer.parse(await answer.json()).sync;
    await storage.heldBack;
    const killed = once(server.process, 'close');
    server.process.kill('SIGKILL');
    await killed;

    storage.openGate();
    await using restarted = await startServer(dataDirectory, storage.specification, environment);
    expect(restarted.projectId).toBe(server.projectId);
    const unfinished = async () => {
      const { output } = await runInProcess(['operations', 'list', '--status', 'waiting,running', ...local]);
      return JSON.parse(output).count;
    };
    while ((await unfinished()) > 0);
    const { output } = await runInProcess(['operations', 'list', ...local]);
    const logs: { id: string; status: string }[] = JSON.parse(output).operations;
    expect(logs.map(({ id }) => id).toSorted()).toEqual(
      accepted.map(({ operation_log_id }) => operation_log_id).toSorted(),
    );
    expect(new Set(logs.map(({ status }) => status))).toEqual(new Set(['success']));
    expect(JSON.parse((await runInProcess(['backups', 'list', ...local])).output).count).toBe(50);
  },
);
