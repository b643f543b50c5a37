import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { everything } from '../identity/grants.ts';
import {
  importBackup,
  makeAcceptance,
  makeItem,
  makeSource,
  type OpenCatalogue,
  storageUnitId,
} from './fixtures-for-conformance.ts';
import type { Catalogue } from './port.ts';

/** How every catalogue helps to find the parents of backups. */
export function describeParents(open: OpenCatalogue): void {
  let opened: Awaited<ReturnType<OpenCatalogue>>;
  let catalogue: Catalogue;
  let projectId: string;

  beforeAll(async () => {
    opened = await open();
    catalogue = opened.catalogue;
  });
  beforeEach(() => {
    projectId = newId();
  });
  afterAll(() => opened[Symbol.asyncDispose]());

  describe('locateBackup', () => {
    test('names the place of the record, then those of unfinished imports', async () => {
      await importBackup(catalogue, projectId, makeItem('a'));
      const moved = ['bucket-2', 'bucket-3'].map((bucket_name) => makeItem('a', { bucket_name, image_path: 'moved' }));
      for (const item of moved) await catalogue.accept(makeAcceptance(projectId, [item]));
      await catalogue.accept(makeAcceptance(newId(), [makeItem('a', { bucket_name: 'of another project' })]));
      expect(await catalogue.locateBackup(projectId, 'a')).toEqual({
        revision: 1,
        locations: [
          { storageUnitId, bucketName: 'bucket-1', imagePath: 'chain-1/a' },
          { storageUnitId, bucketName: 'bucket-2', imagePath: 'moved' },
          { storageUnitId, bucketName: 'bucket-3', imagePath: 'moved' },
        ],
      });
    });

    test('names nothing of a backup that is forgotten or was never there', async () => {
      await importBackup(catalogue, projectId, makeItem('a'));
      const actor = { kind: 'user', name: 'ada' } as const;
      const deletion = { operationId: newId(), projectId, backupId: 'a', actor, requestId: 'r', deletedAtMs: 5_000 };
      await catalogue.deleteBackup(deletion);
      for (const id of ['a', 'b']) {
        expect(await catalogue.locateBackup(projectId, id)).toEqual({ revision: null, locations: [] });
      }
    });
  });

  describe('projectBuckets', () => {
    test('names each bucket of grants, sources, records and unfinished imports once', async () => {
      for (const backupId of ['a', 'b', 'c']) await importBackup(catalogue, projectId, makeItem(backupId));
      await catalogue.accept(makeAcceptance(projectId, [makeItem('d', { bucket_name: 'imported' })]));
      await opened.sourceStore.addSource(makeSource(projectId, newId(), { bucketName: 'watched' }));
      for (const bucketName of ['granted', 'imported']) {
        await opened.grantStore.addGrant({ projectId, storageUnitId, bucketName, prefix: 'folder/' });
      }
      const buckets = await catalogue.projectBuckets(projectId, storageUnitId);
      expect(buckets).toEqual(['bucket-1', 'granted', 'imported', 'watched']);
    });

    test('names none of another project or storage unit, and no grant of everything', async () => {
      const other = { storageUnitId: 'unit-2' };
      await catalogue.accept(makeAcceptance(projectId, [makeItem('a')], other));
      await opened.sourceStore.addSource(makeSource(projectId, newId(), other));
      await opened.grantStore.addGrant({ projectId, ...other, bucketName: 'granted', prefix: '' });
      await importBackup(catalogue, newId(), makeItem('a'));
      await opened.grantStore.addGrant({ projectId, storageUnitId: everything, bucketName: everything, prefix: '' });
      expect(await catalogue.projectBuckets(projectId, storageUnitId)).toEqual([]);
    });
  });
}
