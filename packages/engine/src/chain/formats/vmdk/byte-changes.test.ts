import { expect, test } from 'vitest';
import { changeEveryByte, isFound, mayPass } from '../../../testing/change-every-byte.ts';
import { seededBytes } from '../../../testing/seeded-bytes.ts';
import { grainBytes, syncItemOfVmdk, type VmdkPlan, writeVmdk } from '../../../testing/vmdk-writer.ts';

const plan: Omit<VmdkPlan, 'kind' | 'name'> = {
  ...{ folder: '', extentGrains: [4], contentId: 0xa, parent: null },
  grains: new Map([0, 2].map((number) => [number, seededBytes(`grain ${number}`, grainBytes)])),
};
const item = (disk: ReturnType<typeof writeVmdk>) => syncItemOfVmdk(disk, 'backups');

test('a change of any single byte of a descriptor is found, or does no harm', async () => {
  const disk = writeVmdk({ ...plan, name: 'd', kind: 'monolithicFlat' });
  const fieldsOf = (bytes: Uint8Array) =>
    Buffer.from(bytes)
      .toString('latin1')
      .split(/(?<=\n)/)
      .flatMap((line) => {
        const field = /^(?:RW|# Disk|\w+(?==))/.exec(line)?.[0] ?? (line.startsWith('ddb.') ? 'ddb' : 'comment');
        return Array.from(line, () => field);
      });
  const found = await changeEveryByte({ objects: disk.objects, key: disk.imagePath, item: item(disk), fieldsOf });
  const unreadable = 'metadata: metadata_unreadable';
  const why = 'capitals and blanks may be any, and a disk may have any CID';
  expect(found).toEqual({
    '# Disk': mayPass(why, unreadable),
    version: mayPass(why, unreadable, 'metadata: version_unsupported'),
    CID: mayPass(why, unreadable),
    parentCID: mayPass(why, unreadable, 'metadata: parent_missing'),
    createType: mayPass('the extents say their types'),
    comment: mayPass('it is a comment', unreadable),
    RW: mayPass(why, unreadable, 'inventory: object_missing', 'inventory: object_size_impossible'),
    ddb: mayPass('no data depends on it'),
  });
});

test('a change of any single byte of a header or a table is found, or does no harm', async () => {
  const disk = writeVmdk({ ...plan, name: 's', kind: 'monolithicSparse' });
  const fields = [
    ['magic', 4],
    ['version', 8],
    ['flags', 12],
    ['capacity', 20],
    ['size of a grain', 28],
    ['place of the descriptor', 36],
    ['size of the descriptor', 44],
    ['size of a table', 48],
    ['second directory', 56],
    ['directory', 64],
    ['overhead', 72],
    ['unclean', 73],
    ['line ends', 77],
    ['compression', 79],
    ['padding', 21 * 512],
    ['place of the table', 21 * 512 + 4],
    ['padding', 22 * 512],
    ['stored grain', 22 * 512 + 4],
    ['hole', 22 * 512 + 8],
    ['stored grain', 22 * 512 + 12],
    ['hole', 22 * 512 + 16],
  ] as const;
  const fieldsOf = (bytes: Uint8Array) =>
    Array.from(bytes, (_, at) => fields.find(([, end]) => at < end)?.[0] ?? 'padding');
  const found = await changeEveryByte({
    ...{ objects: disk.objects, key: disk.imagePath, item: item(disk), fieldsOf, leaves: ['padding'] },
  });
  const unreadable = 'metadata: metadata_unreadable';
  const tooLong = 'linkage: object_size_impossible';
  expect(found).toEqual({
    magic: isFound(unreadable),
    version: isFound('metadata: version_unsupported'),
    flags: mayPass('this disk has no grains of zeros, and its line ends are whole', 'metadata: version_unsupported'),
    capacity: isFound(unreadable, 'metadata: geometry'),
    'size of a grain': isFound(unreadable),
    'place of the descriptor': isFound(unreadable),
    'size of the descriptor': isFound(unreadable, 'linkage: geometry'),
    'size of a table': mayPass('this disk has one table, of any size', unreadable),
    'second directory': mayPass('it is only a copy'),
    directory: isFound(tooLong, 'linkage: geometry'),
    overhead: mayPass('the tables say where the grains are'),
    unclean: mayPass('it is a remark'),
    'line ends': isFound(unreadable),
    compression: mayPass('nothing is compressed'),
    'place of the table': isFound(tooLong),
    'stored grain': mayPass('a grain has no hash, so another place in the file cannot be seen', tooLong),
    hole: mayPass('the same', tooLong),
  });
});
