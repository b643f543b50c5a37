import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { examples, startServer, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const request = join(examples, 'sync-request.json');
const storage = `file:${join(examples, 'buckets')}`;

describe('a running server', () => {
  test('serves commands by endpoint and token, and those on its own data directory', async () => {
    await using home = await temporaryDirectory();
    const dataDirectory = join(home.path, 'data');
    const password = 'a password of the test';
    await using server = await startServer(dataDirectory, storage, { BACKUP_SYNC_ADMIN_PASSWORD: password });
    const local = ['--data-dir', dataDirectory, '--storage', storage];
    expect((await runInProcess(['sync', request, ...local])).code).toBe(3);

    const issued = await runInProcess(['token', '--endpoint', server.endpoint, '--json'], { input: `${password}\n` });
    const { token, project_id: projectId } = JSON.parse(issued.output);
    expect(projectId).toBe(server.projectId);
    const environment = {
      BACKUP_SYNC_ENDPOINT: server.endpoint,
      BACKUP_SYNC_TOKEN: token,
      BACKUP_SYNC_PROJECT: projectId,
    };
    const listed = await runInProcess(['backups', 'list', '--json', '--status', 'available'], { environment });
    expect(JSON.parse(listed.output).count).toBe(4);

    const other = await runInProcess(['backups', 'list', '--project', 'other', ...local]);
    expect(other).toMatchObject({ code: 1, output: '' });
    const stranger = await runInProcess(['backups', 'list'], {
      environment: { ...environment, BACKUP_SYNC_TOKEN: 'nonsense' },
    });
    expect(stranger).toMatchObject({ code: 4, output: '' });
    const wrong = await runInProcess(['token', '--endpoint', server.endpoint], {
      environment: { BACKUP_SYNC_PASSWORD: 'guess' },
    });
    expect(wrong).toMatchObject({ code: 4, output: '' });
    expect(wrong.messages + stranger.messages).not.toContain(password);
  });

  test('makes a second one on its port or data directory fail with one sentence', async () => {
    await using home = await temporaryDirectory();
    const dataDirectory = join(home.path, 'data');
    await using server = await startServer(dataDirectory, storage);
    const address = new URL(server.endpoint).host;
    const serve = (listen: string, directory: string) =>
      runInProcess(['serve', '--listen', listen, '--data-dir', directory, '--storage', storage]);
    // The one on its own port is most often the same command again.
    for (const listen of ['127.0.0.1:0', address]) {
      const sameDirectory = await serve(listen, dataDirectory);
      expect(sameDirectory.code).toBe(1);
      expect(sameDirectory.messages).toMatch(/^error: .*data directory.* in use.*\n$/i);
    }
    const samePort = await serve(address, join(home.path, 'other'));
    expect(samePort.code).toBe(1);
    expect(samePort.messages).toMatch(new RegExp(`^error: ${address} is in use by another program; .*\n$`));
    const plainHttp = await serve('0.0.0.0:0', join(home.path, 'other'));
    expect(plainHttp).toMatchObject({ code: 1, messages: expect.stringContaining('is not a loopback address') });
    expect(await readdir(home.path)).toEqual(['data']);
  });
});

test('demo leaves a catalogue alone that is not its own', async () => {
  await using home = await temporaryDirectory();
  const buckets = join(home.path, 'buckets');
  await cp(join(examples, 'buckets'), buckets, { recursive: true });
  const data = join(home.path, 'data');
  await runInProcess(['scan', 'volumebackups', '--sync', '--data-dir', data, '--storage', `file:${buckets}`]);
  const refused = await runInProcess(['demo', '--examples', examples, '--once', '--data-dir', data]);
  expect(refused.code).toBe(1);
  expect(refused.messages).toContain(
    `belongs to the storage unit file:${buckets}: give the examples another --data-dir`,
  );
});

test('demo imports the examples through the public API and exits 0 if all results are as expected', async () => {
  await using home = await temporaryDirectory();
  const args = [
    'demo',
    '--examples',
    examples,
    '--once',
    '--listen',
    '127.0.0.1:0',
    '--data-dir',
    join(home.path, 'data'),
  ];
  for (const outcome of ['created', 'unchanged']) {
    const ended = await runInProcess(args);
    expect(ended.code).toBe(0);
    expect(ended.output).toContain('All is well');
    expect(ended.output.match(new RegExp(`${outcome}$`, 'gm'))).toHaveLength(7);
    expect(ended.output).toContain(`Try next:\n  backup-sync backups list --data-dir ${home.path}/data\n`);
  }
});
