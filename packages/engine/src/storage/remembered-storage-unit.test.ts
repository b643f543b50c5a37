import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { openEmbeddedEngine } from '../open-embedded-engine.ts';
import { refuseOtherStorageUnit } from './remembered-storage-unit.ts';

test('a data directory opens only with the storage unit of its records, unless --storage-moved is set', async () => {
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-'));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(home, { recursive: true, force: true }));
  const [first, other] = [join(home, 'first'), join(home, 'other')];
  await Promise.all([mkdir(first), mkdir(other)]);
  const open = async (storage: string, storageMoved = false) => {
    const engine = await openEmbeddedEngine({
      dataDirectory: join(home, 'data'),
      storage,
      storageMoved,
      onFault: () => {},
    });
    await engine[Symbol.asyncDispose]();
  };
  await open(`file:${first}`);
  await open(`file:${relative(process.cwd(), first)}/`);
  await expect(open(`file:${other}`)).rejects.toThrow('--storage-moved');
  await expect(open('s3:https://obs.example.com')).rejects.toThrow('s3:https://obs.example.com/');
  expect(() => refuseOtherStorageUnit(join(home, 'data'), `file:${other}`)).toThrow('--storage-moved');
  refuseOtherStorageUnit(join(home, 'data'), `file:${first}`);
  await open(`file:${other}`, true);
  await open(`file:${other}`);
  await expect(open(`file:${first}`)).rejects.toThrow(`belong to the storage unit file:${other}`);
});
