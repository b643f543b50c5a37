import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtCommand, temporaryDirectory } from './testing.ts';
import { gatedStorage } from './testing-gated-storage.ts';

const ctrlC = '\u0003';
/** Written before a line that changes. */
const hiddenCursor = '\u001b[?25l';
const hasScript = spawnSync('script', ['--version']).status === 0;

test.skipIf(!hasScript)(
  'at a terminal where a line changes, Ctrl-C lets the command say what was accepted',
  async () => {
    await using home = await temporaryDirectory();
    await using storage = await gatedStorage(0);
    const item = {
      backup_id: 'backup-1',
      backup_name: 'backup-1',
      bucket_name: 'bucket',
      image_path: 'plan/server/1',
      resource_id: 'server',
      resource_name: 'server',
      resource_type: 'OS::VMware::Server',
      created_at: 1_700_000_000,
    };
    const file = join(home.path, 'items.json');
    await writeFile(file, JSON.stringify([item]));
    const environment = {
      ...process.env,
      BACKUP_SYNC_DATA_DIR: join(home.path, 'data'),
      BACKUP_SYNC_STORAGE: storage.specification,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
    // It gives the command a terminal of its own, and ends with its exit code.
    const command = [...builtCommand, 'sync', file].map((word) => `'${word}'`).join(' ');
    const terminal = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { env: environment });
    let shown = '';
    const isDrawn = Promise.withResolvers<void>();
    terminal.stdout.on('data', (chunk) => {
      shown += String(chunk);
      if (shown.includes(hiddenCursor)) isDrawn.resolve();
    });
    await Promise.all([storage.heldBack, isDrawn.promise]);
    terminal.stdin.write(ctrlC);
    await once(terminal, 'close');
    expect(terminal.exitCode).toBe(130);
    expect(shown.slice(shown.indexOf('^C'))).toContain('1 backup accepted');
  },
);
