import { describe, expect, test } from 'vitest';
import { examineBackups } from '../../../testing/examine-backups.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { seededBytes } from '../../../testing/seeded-bytes.ts';
import { grainBytes, grainSectors, syncItemOfVmdk, type VmdkPlan, writeVmdk } from '../../../testing/vmdk-writer.ts';
import { noTrustedRoots } from '../../../trusted-roots.ts';
import { vmdkFormat } from './vmdk-format.ts';

const bucketName = 'backups';
const grains = new Map([3, 9].map((number) => [number, seededBytes(`grain ${number}`, grainBytes)]));
const common: Omit<VmdkPlan, 'kind'> = {
  ...{ folder: 'vm/', name: 'web', extentGrains: [16], contentId: 0x0abc, parent: null, grains },
};
const single = writeVmdk({ ...common, kind: 'monolithicSparse' });
const flat = writeVmdk({ ...common, kind: 'monolithicFlat' });

type Objects = readonly (readonly [string, Uint8Array])[];

async function examine(objects: Objects, of = single) {
  const storage = openMemoryStorageUnit(new Map([[bucketName, new Map(objects)]]));
  const [examination] = await examineBackups(storage, [syncItemOfVmdk(of, bucketName)]);
  if (examination === null || examination === undefined) throw new Error('the disk is found');
  return examination;
}

/** Changes the descriptor, embedded or not, as text. Embedded ones keep their length. */
function rewrite(objects: Objects, alter: (text: string) => string): Objects {
  const [[key, bytes] = ['', new Uint8Array()], ...others] = [...objects];
  const embedded = 20 * 512;
  if (bytes.length < embedded)
    return [[key, Buffer.from(alter(Buffer.from(bytes).toString('latin1')), 'latin1')], ...others];
  const text = alter(
    Buffer.from(bytes.subarray(512, 512 + embedded))
      .toString('latin1')
      .replace(/\0+$/, ''),
  );
  const changed = Buffer.from(bytes);
  changed.fill(0, 512, 512 + embedded).write(text, 512, 'latin1');
  return [[key, changed], ...others];
}

const patch = (objects: Objects, at: number, value: number): Objects =>
  [...objects].map(([key, bytes], index) => [key, index === 0 ? bytes.with(at, value) : bytes]);

describe('healthy', () => {
  test.each([
    ['a CID without its leading zeros', rewrite(single.objects, (text) => text.replace('CID=00000abc', 'CID=abc'))],
    ['lines that end as in Windows', rewrite(flat.objects, (text) => text.replaceAll('\n', '\r\n'))],
    ['blanks and capitals', rewrite(flat.objects, (text) => text.replace('CID=', ' cid = ').replace('RW ', ' rw\t '))],
    ['padding after the descriptor', rewrite(flat.objects, (text) => `${text}${'\0'.repeat(700)}\u0001`)],
    ['a later version of the descriptor', rewrite(flat.objects, (text) => text.replace('version=1', 'version=3'))],
    [
      'a file that tracks changes, which exports leave out',
      rewrite(flat.objects, (text) => text.replace('version=1', 'version=3\nchangeTrackPath="web-ctk.vmdk"')),
    ],
    [
      'an extent that is named with a path of the writer',
      rewrite(flat.objects, (text) => text.replace('web-flat', '/vmfs/volumes/one/web/web-flat')),
    ],
    [
      'an extent that has another name in the file itself',
      rewrite(single.objects, (text) => text.replace('web.vmdk', 'generated-stream.vmdk')),
    ],
    [
      'a disk that was renamed, but not its extent',
      rewrite(flat.objects, (text) => text.replace('web-flat', 'old-flat')).map(
        rename('vm/web-flat.vmdk', 'vm/old-flat.vmdk'),
      ),
    ],
    [
      'a name in an encoding of its own',
      rewrite(flat.objects, (text) =>
        text.replace('web-flat', 'w\u00e9b-flat').replace('CID', 'encoding="windows-1252"\nCID'),
      ).map(rename('vm/web-flat.vmdk', 'vm/w\u00e9b-flat.vmdk')),
    ],
    ['an extent of zeros, without a file', rewrite(flat.objects, (text) => text.replace('RW', 'RW 800 ZERO\nRW'))],
    [
      'something else next to it',
      [...single.objects, ['vm/web.nvram', Buffer.alloc(5)], ['vm/web-ctk.vmdk', Buffer.alloc(5)]],
    ],
  ] as const)('%s', async (_, objects) => {
    expect(await examine(objects)).toMatchObject({ level: 'linkage', fault: null, limit: null, remark: null });
  });

  test('a size that is no multiple of the grain', async () => {
    const sectors = 16 * grainSectors;
    const less = rewrite(single.objects, (text) => text.replace(`RW ${sectors}`, `RW ${sectors - 3}`));
    const examination = await examine(patch(less, 12, sectors - 3));
    expect(examination).toMatchObject({ level: 'linkage', fault: null, volumeBytes: (sectors - 3) * 512 });
  });

  test('a disk that was not closed gets a remark', async () => {
    const examination = await examine(patch(single.objects, 72, 1));
    expect(examination).toMatchObject({ level: 'linkage', fault: null, remark: expect.stringContaining('not closed') });
  });
});

function rename(from: string, to: string) {
  return ([key, bytes]: readonly [string, Uint8Array]): readonly [string, Uint8Array] => [
    key === from ? to : key,
    bytes,
  ];
}

describe('a parent', () => {
  const childOf = (name: string, contentId = 0x0abc) =>
    writeVmdk({ ...common, name: 'web-000001', kind: 'monolithicSparse', contentId: 5, parent: { name, contentId } });

  test.each([
    ['with its name', 'web.vmdk'],
    ['with a path of ESXi', '/vmfs/volumes/5f3a-1/web/web.vmdk'],
    ['with a path of Windows', 'C:\\VMs\\web\\web.vmdk'],
    ['with a path that leads out of the folder', '../../web.vmdk'],
  ])('is found %s', async (_, name) => {
    const child = childOf(name);
    const examination = await examine([...child.objects, ...single.objects], child);
    expect(examination).toMatchObject({ level: 'linkage', fault: null, incremental: true });
    expect(examination.ancestors.map(({ location }) => location.imagePath)).toEqual(['vm/web.vmdk']);
  });

  const elsewhere = writeVmdk({ ...common, folder: 'golden/', kind: 'monolithicSparse' });
  test.each([
    ['at its relative path', '../golden/web.vmdk', [elsewhere, single], 'golden/web.vmdk'],
    ['at a relative path of Windows', '..\\golden\\web.vmdk', [elsewhere, single], 'golden/web.vmdk'],
    ['next to the child, if its relative path has nothing', '../golden/web.vmdk', [single], 'vm/web.vmdk'],
  ] as const)('is found %s', async (_, hint, others, imagePath) => {
    const child = childOf(hint);
    const objects = [child, ...others].flatMap((disk) => disk.objects);
    const examination = await examine(objects, child);
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
    expect(examination.ancestors.map(({ location }) => location.imagePath)).toEqual([imagePath]);
    const storage = openMemoryStorageUnit(new Map([[bucketName, new Map(objects)]]));
    const context = { storage, bucketName, signal: new AbortController().signal };
    const described = await vmdkFormat.describe(context, child.imagePath);
    const ofParent = await vmdkFormat.describe(context, imagePath);
    expect(described).toMatchObject({ parentBackupId: ofParent.backupId, resourceId: ofParent.resourceId });
  });

  test('that is at none of its places is looked for again at each run', async () => {
    const child = childOf('../golden/web.vmdk');
    const examination = await examine(child.objects, child);
    expect(examination.fault).toEqual({
      code: 'parent_missing',
      detail: 'vm/web-000001.vmdk needs golden/web.vmdk or vm/web.vmdk, which is not there',
    });
    const [proof = null] = examination.newProofs;
    expect(vmdkFormat.isOutdated({ checkVersion: 'vmdk/1', proof }, noTrustedRoots)).toBe(true);
  });

  test('with another CID is not broken, but nothing links it', async () => {
    const child = childOf('web.vmdk', 0xdef);
    const examination = await examine([...child.objects, ...single.objects], child);
    expect(examination).toMatchObject({ level: 'inventory', fault: null, form: { ceiling: 'linkage' } });
    expect(examination.limit).toContain('vm/web.vmdk has CID 00000abc, but must have 00000def');
  });

  test('that is not named is missing', async () => {
    const child = childOf('web.vmdk');
    const nameless = rewrite(child.objects, (text) => text.replace(/parentFileNameHint.*/, ''));
    const examination = await examine([...nameless, ...single.objects], child);
    expect(examination).toMatchObject({ level: null, fault: { code: 'parent_missing' }, incremental: true });
  });
});

test('an extent in a folder below is missing, and the message has its name as it is written', async () => {
  const [descriptor, ...extents] = rewrite(flat.objects, (text) => text.replace('web-flat', 'sub/web-flat'));
  if (descriptor === undefined) throw new Error('the disk has a descriptor');
  const moved = extents.map(([key, bytes]) => [key.replace('web-flat', 'sub/web-flat'), bytes] as const);
  expect((await examine([descriptor, ...moved], flat)).fault).toEqual({
    ...{
      code: 'object_missing',
      detail: expect.stringContaining('names "sub/web-flat.vmdk", and no file of that name'),
    },
  });
});

describe('kinds that are only recognised', () => {
  test.each([
    ['vmfsSparse', { ceiling: 'inventory', gaps: ['block_map_unread', 'no_digest'] }, 'tables of VMFSSPARSE'],
    ['seSparse', { ceiling: 'inventory', gaps: ['block_map_unread', 'no_digest'] }, 'tables of SESPARSE'],
  ] as const)('%s', async (kind, form, limit) => {
    const disk = writeVmdk({ ...common, kind });
    const examination = await examine(disk.objects);
    expect(examination).toMatchObject({ level: 'inventory', fault: null, form, limit: expect.stringContaining(limit) });
  });

  test.each([
    ['a raw device', (text: string) => text.replace('FLAT', 'VMFSRDM')],
    ['a disk of the host', (text: string) => text.replace('monolithicFlat', 'fullDevice')],
  ])('%s', async (_, alter) => {
    const examination = await examine(rewrite(flat.objects, alter));
    expect(examination).toMatchObject({
      level: 'metadata',
      fault: null,
      limit: expect.stringContaining('on a device'),
    });
    expect(examination.form).toEqual({ ceiling: 'metadata', gaps: ['data_elsewhere', 'no_digest'] });
  });
});

describe('hostile', () => {
  const unreadable = 'metadata_unreadable';
  const lineOf = (line: string) => rewrite(flat.objects, (text) => text.replace(/^RW.*$/m, line));
  test.each([
    ['a name that is no name', lineOf('RW 128 FLAT ".."'), unreadable],
    ['an extent without a name', lineOf('RW 128 FLAT'), unreadable],
    ['an extent of an unknown type', lineOf('RW 128 MAGIC "web-flat.vmdk"'), unreadable],
    ['no extents', lineOf(''), unreadable],
    ['more sectors than there can be', lineOf('RW 9999999999999999 FLAT "web-flat.vmdk"'), unreadable],
    ['20,000 extents', lineOf('RW 1 FLAT "web-flat.vmdk"\n'.repeat(20_000)), unreadable],
    ['the descriptor as its own extent', lineOf('RW 128 SPARSE "web.vmdk"'), unreadable],
    ['100,000 empty lines', rewrite(flat.objects, (text) => `${text}${'\n'.repeat(100_000)}version=2`), unreadable],
    [
      'a line of 100,000 blanks that ends in the middle',
      rewrite(flat.objects, (text) => `${text}version=${' '.repeat(100_000)}2\u00e2\u0080\u00a82`),
      unreadable,
    ],
    ['a descriptor of more than a MiB', rewrite(flat.objects, (text) => text + ' '.repeat(1 << 20)), unreadable],
    [
      'a line of an extent whose first word is damaged',
      lineOf('RW 64 FLAT "web-flat.vmdk"\nXW 64 FLAT "web-flat.vmdk" 64'),
      unreadable,
    ],
    ['no parentCID', rewrite(flat.objects, (text) => text.replace('parentCID', 'parent')), unreadable],
    ['two CIDs', rewrite(flat.objects, (text) => `${text}CID=1\n`), unreadable],
    ['a CID that is no number', rewrite(flat.objects, (text) => text.replace('CID=0', 'CID=x')), unreadable],
    [
      'a version that is not known',
      rewrite(flat.objects, (text) => text.replace('version=1', 'version=9')),
      'version_unsupported',
    ],
    ['an impossible size in the header', patch(single.objects, 19, 0xff), unreadable],
    ['a size in the header that contradicts the descriptor', patch(single.objects, 12, 1), 'geometry'],
    ['grains of a size that is no power of two', patch(single.objects, 20, 9), unreadable],
    ['tables without grains', patch(single.objects, 44, 0), unreadable],
    ['a descriptor far beyond the end', patch(single.objects, 34, 0xff), unreadable],
    ['a descriptor of an impossible size', patch(single.objects, 42, 0xff), unreadable],
    ['a directory far beyond the end', patch(single.objects, 63, 0x7f), 'object_size_impossible'],
    [
      'a footer that is not there',
      [56, 57, 58, 59, 60, 61, 62, 63].reduce((all, at) => patch(all, at, 0xff), single.objects as Objects),
      'object_size_impossible',
    ],
  ] as const)('%s', async (_, objects, code) => {
    expect((await examine(objects)).fault?.code).toBe(code);
  });

  test.each([
    ['itself', ['web.vmdk']],
    ['another one that needs it', ['web-2.vmdk', 'web.vmdk']],
  ] as const)('a disk whose parent is %s', async (_, parents) => {
    const disks = parents.map((name, index) =>
      writeVmdk({
        ...common,
        ...{ name: index === 0 ? 'web' : 'web-2', kind: 'monolithicSparse' },
        ...{ contentId: 7, parent: { name, contentId: 7 } },
      }),
    );
    expect((await examine(disks.flatMap(({ objects }) => objects))).fault?.code).toBe('cycle');
  });
});
