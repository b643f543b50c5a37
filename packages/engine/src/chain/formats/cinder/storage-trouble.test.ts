import { describe, expect, test } from 'vitest';
import { countRequests } from '../../../storage/counted-storage-unit.ts';
import { openFilesystemStorageUnit } from '../../../storage/filesystem/filesystem-storage-unit.ts';
import { StorageError, type StorageErrorCode } from '../../../storage/port.ts';
import { type Alterations, alterStorage, listWithMd5 } from '../../../testing/altered-storage.ts';
import { chainContext } from '../../../testing/chain-context.ts';
import type { WrittenBackup } from '../../../testing/cinder-writer.ts';
import { syncItemOf, writeSmallChain } from '../../../testing/small-chain.ts';
import { makeTestBuckets, type TestBuckets } from '../../../testing/test-buckets.ts';
import type { ChainContext } from '../../chain-context.ts';
import { openChain } from '../../examiner.ts';

const bucketName = 'backups';
const [full, increment] = writeSmallChain('trouble', 8, [[1]]) as readonly [WrittenBackup, WrittenBackup];

async function storedChain(): Promise<TestBuckets> {
  const buckets = await makeTestBuckets();
  for (const backup of [full, increment]) await buckets.put(bucketName, backup.objects);
  return buckets;
}

async function examine(
  buckets: TestBuckets,
  backup: WrittenBackup,
  alterations: Alterations,
  changes: Partial<ChainContext> = {},
) {
  await using storage = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
  const { unit, count } = countRequests(alterStorage(storage, alterations));
  const chain = await openChain(chainContext(unit, bucketName, [backup.imagePath], changes));
  const examination = await chain.examine(syncItemOf(backup, bucketName));
  return { examination, requests: count() };
}

function failGet(suffix: string, code: StorageErrorCode): Alterations {
  return {
    beforeGet: ({ key }) => {
      if (key.endsWith(suffix)) throw new StorageError(code, key);
    },
  };
}

describe('an object that may not be read', () => {
  test.each(['access_denied', 'archived', 'encrypted_customer_key'] as const)(
    'ends the proof with %s, at the level reached',
    async (code) => {
      await using buckets = await storedChain();
      const ofMetadata = await examine(buckets, full, failGet('_metadata', code));
      expect(ofMetadata.examination).toMatchObject({ level: 'presence', fault: { code }, contentId: null });
      const ofHashes = await examine(buckets, full, failGet('_sha256file', code));
      expect(ofHashes.examination).toMatchObject({ level: 'inventory', fault: { code } });
      const ofParent = await examine(buckets, increment, failGet(`${full.imagePath}_metadata`, code));
      expect(ofParent.examination).toMatchObject({ level: 'presence', fault: { code } });
      expect(ofParent.examination?.fault?.detail).toContain(full.plan.backupId);
    },
  );

  test('is read even if its listing names an archive class: it may have been restored, which only reading shows', async () => {
    await using buckets = await storedChain();
    const { examination } = await examine(buckets, full, { list: (entry) => ({ ...entry, archived: true }) });
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
  });

  test('is tried again the next time, even if nothing in the bucket has changed', async () => {
    await using buckets = await storedChain();
    const first = await examine(buckets, full, failGet('_metadata', 'access_denied'));
    const findProofs = async () => first.examination?.newProofs ?? [];
    const { examination } = await examine(buckets, full, {}, { findProofs });
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
  });
});

describe('more block hashes than may be read', () => {
  test('leave a link at inventory, and say how to continue', async () => {
    await using buckets = await storedChain();
    const { examination, requests } = await examine(buckets, full, {}, { linkageMaxBytes: 10 });
    expect(examination).toMatchObject({ level: 'inventory', fault: null });
    expect(examination?.limit).toMatch(
      /block hashes have \d+ bytes, more than the limit of 10 for one link; "verify" reads them/,
    );
    expect(requests.gets).toBe(1);
  });

  test('are read once the maximum is raised above them, and not before', async () => {
    await using buckets = await storedChain();
    const { examination: limited } = await examine(buckets, increment, {}, { linkageMaxBytes: 10 });
    const findProofs = async (ids: readonly string[]) =>
      limited?.newProofs.filter(({ backupId }) => ids.includes(backupId)) ?? [];
    const same = await examine(buckets, increment, {}, { findProofs, linkageMaxBytes: 11 });
    expect(same.examination).toMatchObject({ level: 'inventory', limit: limited?.limit, newProofs: [] });
    expect(same.requests.gets).toBe(0);
    const hashBytes = [full, increment].map(
      ({ imagePath, objects }) => objects.get(`${imagePath}_sha256file`)?.length ?? 0,
    );
    const linkageMaxBytes = Math.max(...hashBytes) * 2;
    const risen = await examine(buckets, increment, {}, { findProofs, linkageMaxBytes });
    expect(risen.examination).toMatchObject({ level: 'linkage', limit: null, fault: null });
    expect(risen.requests.gets).toBe(4);
  });
});

describe('a failure that passes by itself', () => {
  test.each(['throttled', 'unreachable'] as const)('is thrown: %s', async (code) => {
    await using buckets = await storedChain();
    await expect(examine(buckets, full, failGet('_metadata', code))).rejects.toMatchObject({ code });
  });
});

describe('anything that looks missing is listed again', () => {
  test('an object that the first listing missed', async () => {
    await using buckets = await storedChain();
    let listings = 0;
    const list: Alterations['list'] = (entry) => {
      if (!entry.key.endsWith(`${full.plan.backupId}-00001`)) return entry;
      listings += 1;
      return listings === 1 ? null : entry;
    };
    const { examination, requests } = await examine(buckets, full, { list });
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
    expect(requests.lists).toBe(2);
  });

  test('a parent that the first listing missed', async () => {
    await using buckets = await storedChain();
    const seen = new Set<string>();
    const list: Alterations['list'] = (entry) => {
      if (!entry.key.startsWith(full.imagePath) || seen.has(entry.key)) return entry;
      seen.add(entry.key);
      return null;
    };
    const { examination, requests } = await examine(buckets, increment, { list });
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
    expect(requests.lists).toBe(2);
  });

  test('a commit mark that the first listing missed', async () => {
    await using buckets = await storedChain();
    let listings = 0;
    const list: Alterations['list'] = (entry) => {
      if (entry.key !== `${full.imagePath}_metadata`) return entry;
      listings += 1;
      return listings === 1 ? null : entry;
    };
    expect((await examine(buckets, full, { list })).examination).toMatchObject({ level: 'linkage', fault: null });
  });

  test.each(['_metadata', '_sha256file'])(
    '%s that is listed twice but not found is not a permanent fault',
    async (suffix) => {
      await using buckets = await storedChain();
      for (const backup of [full, increment]) {
        const first = await examine(buckets, backup, failGet(full.imagePath + suffix, 'object_not_found'));
        expect(first.examination).toMatchObject({ fault: { code: 'changed_while_read' } });
        const findProofs = async () => first.examination?.newProofs ?? [];
        const { examination } = await examine(buckets, backup, {}, { findProofs });
        expect(examination).toMatchObject({ level: 'linkage', fault: null });
      }
    },
  );
});

describe('an object that is not the one that was listed', () => {
  test('is reported as changed while it was read', async () => {
    await using buckets = await storedChain();
    const get: Alterations['get'] = (request, content) =>
      request.key.endsWith('_sha256file') ? { ...content, size: content.size + 1 } : content;
    const { examination } = await examine(buckets, full, { get });
    expect(examination).toMatchObject({ level: 'inventory', fault: { code: 'changed_while_read' } });
  });
});

describe('the ETag of a plain object', () => {
  const plainKey = `${full.imagePath}-00001`;
  const otherMd5 = '0'.repeat(32);

  function etagOf(buckets: TestBuckets, etag: string): NonNullable<Alterations['list']> {
    const list = listWithMd5(buckets.directory, bucketName);
    return async (entry) => (entry.key === plainKey ? { ...entry, etag } : await list(entry));
  }

  test('that is the MD5 in the metadata costs nothing more', async () => {
    await using buckets = await storedChain();
    const { examination, requests } = await examine(buckets, full, {
      list: listWithMd5(buckets.directory, bucketName),
    });
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
    expect(requests.gets).toBe(2);
  });

  test('that is another MD5 costs one read, and the bytes decide', async () => {
    await using buckets = await storedChain();
    const whole = await examine(buckets, full, { list: etagOf(buckets, otherMd5) });
    expect(whole.examination).toMatchObject({ level: 'linkage', fault: null });
    expect(whole.requests.gets).toBe(3);
    await buckets.put(bucketName, [[plainKey, new Uint8Array(full.objects.get(plainKey)?.length ?? 0)]]);
    const replaced = await examine(buckets, full, { list: etagOf(buckets, otherMd5) });
    expect(replaced.examination).toMatchObject({ level: 'metadata', fault: { code: 'object_etag_mismatch' } });
    expect(replaced.requests.gets).toBe(2);
  });

  test('proves nothing if it has a dash', async () => {
    await using buckets = await storedChain();
    const { examination, requests } = await examine(buckets, full, { list: etagOf(buckets, `${otherMd5}-2`) });
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
    expect(requests.gets).toBe(2);
  });
});
