import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { start, startServer, temporaryDirectory } from './testing.ts';
import { gatedStorage, gatedItem as item } from './testing-gated-storage.ts';
import { runInProcess } from './testing-in-process.ts';

test.each([
  ['verify', item.backup_id, 'verification'],
  ['scan', item.bucket_name, 'scan'],
])(
  'a repeated %s follows the running one, and Ctrl-C in either says that the server continues',
  async (kind, subject, noun) => {
    await using home = await temporaryDirectory();
    // Answers the listing of the sync, and nothing after it.
    await using storage = await gatedStorage(1);
    const dataDirectory = join(home.path, 'data');
    const keys = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    await using _server = await startServer(dataDirectory, storage.specification, keys);
    const environment = { BACKUP_SYNC_DATA_DIR: dataDirectory, BACKUP_SYNC_STORAGE: storage.specification };
    await runInProcess(['sync', '-'], { environment, input: JSON.stringify(item) });
    const operations = async (): Promise<readonly { id: string; status: string }[]> =>
      JSON.parse((await runInProcess(['operations', 'list', '--kind', kind, '--json'], { environment })).output)
        .operations;

    const first = start([kind, subject], { environment });
    await storage.heldBack;
    const second = start([kind, subject], { environment });
    const said = await new Promise<string>((resolve) => {
      let heard = '';
      second.stderr.on('data', (chunk) => {
        heard += String(chunk);
        if (heard.includes('following operation')) resolve(heard);
      });
    });
    const [running] = await operations();
    expect(said).toContain(`following operation ${running?.id}`);
    second.kill('SIGINT');
    if (second.exitCode === null) await once(second, 'close');
    expect(second.exitCode).toBe(130);
    expect(await operations()).toEqual([expect.objectContaining({ id: running?.id, status: 'running' })]);
    const told = text(first.stderr);
    first.kill('SIGINT');
    await once(first, 'close');
    expect(first.exitCode).toBe(130);
    expect(await told).toContain(`interrupted: The server continues ${noun} ${running?.id}.\n`);
    expect(await told).toContain(`"backup-sync operations cancel ${running?.id}"`);
    expect(await operations()).toEqual([expect.objectContaining({ id: running?.id, status: 'running' })]);
  },
  60_000,
);
