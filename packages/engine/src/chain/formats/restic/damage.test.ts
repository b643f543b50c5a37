import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type GetRequest, StorageError } from '../../../storage/port.ts';
import { chainContext } from '../../../testing/chain-context.ts';
import { examineBackups, rememberProofs } from '../../../testing/examine-backups.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { proveAllLevels } from '../../../testing/prove-all-levels.ts';
import { syncItemsOfRestic, writeResticKey, writeResticRepository } from '../../../testing/restic-writer.ts';
import { seededBytes } from '../../../testing/seeded-bytes.ts';
import { proveContent } from '../../content/prove-content.ts';
import { openChain } from '../../examiner.ts';

type Objects = Map<string, Uint8Array>;

const repository = writeResticRepository({ seed: 'damaged', folder: 'office', snapshots: 2, keys: 2 });
const [first, second] = syncItemsOfRestic(repository, 'backups');
if (first === undefined || second === undefined) throw new Error('the repository has two snapshots');

function storageAfter(change: (objects: Objects) => void) {
  const objects = new Map(repository.objects);
  change(objects);
  return openMemoryStorageUnit(new Map([['backups', objects]]));
}

const proveAfter = (change: (objects: Objects) => void, item = second) => proveAllLevels(storageAfter(change), item);

/** The keys in a folder of the repository, in their order. */
const keysIn = (folder: string) => [...repository.objects.keys()].filter((key) => key.startsWith(`office/${folder}/`));

const remove =
  (...keys: readonly string[]) =>
  (objects: Objects) => {
    for (const key of keys) objects.delete(key);
  };

function replace(key: string, change: (bytes: Uint8Array) => Uint8Array) {
  return (objects: Objects) => void objects.set(key, change(repository.objects.get(key) ?? new Uint8Array()));
}

const cut = (key: string) => replace(key, (bytes) => bytes.subarray(0, -1));
const empty = (key: string) => replace(key, () => new Uint8Array());
const flip = (key: string) => replace(key, (bytes) => bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte)));

/** Damages both keys of the repository. */
const both = (damage: (each: string) => (objects: Objects) => void) => (objects: Objects) => {
  for (const each of keysIn('keys')) damage(each)(objects);
};

const [pack = ''] = keysIn('data');
const [index = ''] = keysIn('index');
const [key = '', otherKey = ''] = keysIn('keys');
const healthy = { foundBy: null, code: null, level: 'metadata' };

test.each([
  ['today', writeResticRepository({ seed: 'today', folder: 'a/office', snapshots: 2 })],
  ['at the top of a bucket', writeResticRepository({ seed: 'top', folder: '', snapshots: 2 })],
  ['of 2015', writeResticRepository({ seed: 'old', folder: 'office', snapshots: 2, isOld: true })],
])('a repository with the names of %s is whole as far as can be seen', async (_, { objects, ...written }) => {
  const storage = openMemoryStorageUnit(new Map([['backups', objects]]));
  const items = syncItemsOfRestic({ objects, ...written }, 'backups');
  for (const [at, examination] of (await examineBackups(storage, items)).entries()) {
    expect(examination).toMatchObject({
      ...{
        format: 'restic',
        level: 'metadata',
        fault: null,
        remark: null,
        limit: 'missing packs cannot be seen without the password',
        formatTime: null,
      },
      ...{ form: { ceiling: 'metadata', gaps: ['packs_unlisted'] }, contentId: items[at]?.backup_id },
      listing: { objectCount: objects.size },
    });
  }
  for (const item of items) expect(await proveAllLevels(storage, item)).toEqual(healthy);
});

/** Adds an object with the name of its bytes. */
function add(folder: string, bytes: Uint8Array) {
  return (objects: Objects) => {
    const name = createHash('sha256').update(bytes).digest('hex');
    objects.set(`office/${folder === 'data' ? `data/${name.slice(0, 2)}` : folder}/${name}`, bytes);
  };
}

describe('a healthy repository', () => {
  test.each<[string, (objects: Objects) => void]>([
    ['has stale locks', add('locks', seededBytes('lock', 150))],
    ['has a pack that no index names', add('data', seededBytes('pack', 500))],
    ['has an empty tmp/', (objects) => objects.set('office/tmp/', new Uint8Array())],
    ['has a file in tmp/', (objects) => objects.set('office/tmp/restic-temp-1', seededBytes('tmp', 9))],
    ['has folder markers', (objects) => objects.set('office/data/', new Uint8Array())],
    ['has one key less', remove(otherKey)],
    ['has lost another snapshot', remove(first.image_path)],
    ['has another snapshot damaged', flip(first.image_path)],
    ['has a damaged key, while another is right', flip(otherKey)],
    ['has an emptied key, while another is right', empty(key)],
    ['has a config of another version', replace('office/config', () => seededBytes('config', 139))],
  ])('%s', async (_, change) => {
    expect(await proveAfter(change)).toEqual(healthy);
  });

  test('says which objects are of another program', async () => {
    const storage = storageAfter((objects) => {
      objects.set('office/README.txt', seededBytes('text', 5));
      objects.set('office/data/ab/not-a-pack', seededBytes('text', 5));
    });
    expect(await examineBackups(storage, [second])).toMatchObject([
      { level: 'metadata', fault: null, remark: '2 objects in office/ are not of restic, such as office/README.txt' },
    ]);
    expect(await proveAllLevels(storage, second)).toEqual(healthy);
  });

  test('has its packs in an archive class: a sync reads none of them, and a verification says so', async () => {
    const bytesOf = storageAfter(() => {});
    const storage = {
      ...bytesOf,
      async get(request: GetRequest) {
        if (request.key.startsWith('office/data/')) throw new StorageError('archived', request.key);
        return await bytesOf.get(request);
      },
    };
    expect(await proveAllLevels(storage, second)).toEqual({ foundBy: 'content', code: 'archived', level: 'metadata' });
  });
});

const metadata = { foundBy: 'metadata', level: null };
const inventory = { foundBy: 'inventory', level: 'metadata' };
const content = { foundBy: 'content', level: 'metadata' };

describe('damage of a repository', () => {
  test.each<[string, (objects: Objects) => void, object]>([
    ['the config removed', remove('office/config'), { ...metadata, code: 'object_missing' }],
    ['the config emptied', empty('office/config'), { ...metadata, code: 'object_size_impossible' }],
    ['all keys removed', remove(key, otherKey), { ...metadata, code: 'object_missing' }],
    ['all keys cut by a byte', both(cut), { ...metadata, code: 'content_mismatch' }],
    ['a byte of all keys flipped', both(flip), { ...metadata, code: 'content_mismatch' }],
    ['all keys emptied', both(empty), { ...metadata, code: 'content_mismatch' }],
    ['the index removed', remove(...keysIn('index')), { ...metadata, code: 'object_missing' }],
    ['an object of the index emptied', empty(index), { ...metadata, code: 'object_size_impossible' }],
    ['an object of the index cut by a byte', cut(index), { ...content, code: 'content_mismatch' }],
    ['a byte of the index flipped', flip(index), { ...content, code: 'content_mismatch' }],
    ['all packs removed', remove(...keysIn('data')), { ...metadata, code: 'object_missing' }],
    ['a pack emptied', empty(pack), { ...inventory, code: 'object_size_impossible' }],
    ['a pack cut to 73 bytes', replace(pack, (bytes) => bytes.subarray(0, 73)), inventory],
    ['a pack cut by a byte', cut(pack), { ...content, code: 'content_mismatch' }],
    ['a byte of a pack flipped', flip(pack), { ...content, code: 'content_mismatch' }],
    ['a pack replaced by another', replace(pack, () => seededBytes('foreign', 800)), content],
    [
      'a pack in a wrong folder',
      (objects) => {
        objects.set(`office/data/00/${pack.slice(-64)}`, objects.get(pack) ?? new Uint8Array());
        objects.delete(pack);
      },
      { ...inventory, code: 'object_stray' },
    ],
    ['the snapshot emptied', empty(second.image_path), { ...metadata, code: 'object_size_impossible' }],
    ['the snapshot cut by a byte', cut(second.image_path), { ...content, code: 'content_mismatch' }],
    ['a byte of the snapshot flipped', flip(second.image_path), { ...content, code: 'content_mismatch' }],
  ])('%s', async (_, change, expected) => {
    expect(await proveAfter(change)).toMatchObject(expected);
  });

  test('counts for every snapshot if any may need what is damaged, and says why', async () => {
    const storage = storageAfter(flip(pack));
    const chain = await openChain(chainContext(storage, 'backups', [first.image_path, second.image_path]));
    for (const item of [first, second]) {
      for (const link of (await chain.openData(item))?.links ?? []) {
        const { fault } = await proveContent(link, { storage, threads: null, signal: new AbortController().signal });
        expect(fault?.detail).toMatch(new RegExp(`^${pack}: .*any snapshot of the repository may need it`));
      }
    }
  });

  test('a removed pack, or one object of an index, cannot be seen without the password', async () => {
    expect(await proveAfter(remove(pack))).toEqual(healthy);
    expect(await proveAfter(remove(index))).toEqual(healthy);
  });
});

test('a repository is whole again once one of its keys is right', async () => {
  const objects = new Map(repository.objects);
  both(flip)(objects);
  const storage = openMemoryStorageUnit(new Map([['backups', objects]]));
  const { remember, ...recorded } = rememberProofs();
  const broken = await examineBackups(storage, [second], recorded);
  expect(broken).toMatchObject([{ level: null, fault: { code: 'content_mismatch' } }]);
  remember(broken, [second]);
  objects.set(key, repository.objects.get(key) ?? new Uint8Array());
  expect(await examineBackups(storage, [second], recorded)).toMatchObject([{ level: 'metadata', fault: null }]);
});

describe('a key that no password can open', () => {
  test.each<[string, Uint8Array, RegExp]>([
    ['is no JSON', seededBytes('no key', 450), /is not a key/],
    ['is cut JSON', writeResticKey('k').subarray(0, 100), /is not a key/],
    ['nests without end', Buffer.from(`{"a":${'['.repeat(60_000)}`), /nested deeper/],
    ['is too large', seededBytes('large', 70_000), /too many for a key/],
    ['has no scrypt', writeResticKey('k', { kdf: 'argon2' }), /scrypt/],
    ['has an N of no power of 2', writeResticKey('k', { N: 32_767 }), /settings of scrypt/],
    ['has an N of 2^31', writeResticKey('k', { N: 2 ** 31 }), /settings of scrypt/],
    ['has an r of 10^300', writeResticKey('k', { r: 1e300 }), /settings of scrypt/],
    ['has a p of 0', writeResticKey('k', { p: 0 }), /settings of scrypt/],
    ['has an N that is a text', writeResticKey('k', { N: '32768' }), /settings of scrypt/],
    ['has no salt', writeResticKey('k', { salt: undefined }), /no salt/],
    ['has too little data', writeResticKey('k', { data: 'AAAA' }), /no encrypted keys/],
    ['names a field twice', Buffer.from('{"kdf":"scrypt","kdf":"scrypt"}'), /twice/],
  ])('%s', async (_, bytes, detail) => {
    const alone = storageAfter((objects) => {
      remove(key, otherKey)(objects);
      add('keys', bytes)(objects);
    });
    const [examination] = await examineBackups(alone, [second]);
    expect(examination).toMatchObject({ level: null, fault: { code: 'metadata_unreadable' } });
    expect(examination?.fault?.detail).toMatch(detail);
    const [withOthers] = await examineBackups(storageAfter(add('keys', bytes)), [second]);
    expect(withOthers).toMatchObject({ level: 'metadata', fault: null });
    expect(withOthers?.remark).toMatch(/^1 key cannot open the repository although another one can: /);
    expect(withOthers?.remark).toMatch(detail);
  });
});

test('something else in a folder named snapshots is no snapshot of restic', async () => {
  const objects = new Map([[second.image_path, seededBytes('photo', 4000)]]);
  const [examination] = await examineBackups(openMemoryStorageUnit(new Map([['backups', objects]])), [second]);
  expect(examination).toMatchObject({ format: 'unknown', level: 'presence' });
});

test('a request for another backup_id is refused', async () => {
  const storage = storageAfter(() => {});
  const [examination] = await examineBackups(storage, [{ ...second, backup_id: first.backup_id }]);
  expect(examination).toMatchObject({ contradictsRequest: true, fault: { code: 'identity_mismatch' } });
});
