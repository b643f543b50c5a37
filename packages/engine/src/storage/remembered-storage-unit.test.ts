import { mkdir, mkdtemp, mkdtempDisposable, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteCatalogue } from '../catalogue/sqlite/open-sqlite-catalogue.ts';
import { openEmbeddedEngine } from '../open-embedded-engine.ts';
import { memoryInCatalogue, refuseOtherStorageUnit, rememberStorageUnit } from './remembered-storage-unit.ts';

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

test('a database keeps the storage unit of its first node, and refuses another by name', async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), 'backup-sync-'));
  await using catalogue = await openSqliteCatalogue({ directory: join(home.path, 'data'), inPlace: true });
  const memory = memoryInCatalogue(catalogue);
  const remember = (storage: string, moved = false) => rememberStorageUnit(memory, storage, { moved });
  await remember('s3:https://obs.example.com');
  await remember('s3:https://obs.example.com/');
  await expect(remember('s3:https://other.example.com')).rejects.toThrow(
    'The records of this database belong to the storage unit s3:https://obs.example.com/',
  );
  await remember('s3:https://other.example.com', true);
  await remember('s3:https://other.example.com');
});
