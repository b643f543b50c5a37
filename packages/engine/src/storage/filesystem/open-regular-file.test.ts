import { mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRegularFile } from './open-regular-file.ts';

test.runIf(process.platform === 'linux')(
  'opening a file fails if a directory on its path has become a link',
  async () => {
    await using cleanup = new AsyncDisposableStack();
    const home = await realpath(await mkdtemp(join(tmpdir(), 'backup-sync-')));
    cleanup.defer(() => rm(home, { recursive: true, force: true }));
    const resolved = join(home, 'bucket', 'volume', 'object');
    for (const directory of [join(home, 'bucket', 'volume'), join(home, 'outside')]) {
      await mkdir(directory, { recursive: true });
      await writeFile(join(directory, 'object'), directory);
    }
    const whole = await openRegularFile(resolved, 'object');
    expect(whole?.stats.isFile()).toBe(true);
    await whole?.file.close();

    await rename(join(home, 'bucket', 'volume'), join(home, 'aside'));
    await symlink(join(home, 'outside'), join(home, 'bucket', 'volume'));
    await expect(openRegularFile(resolved, 'object')).rejects.toMatchObject({ code: 'access_denied' });
  },
);
