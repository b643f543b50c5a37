import { expect, test } from 'vitest';
import type { ObjectEntry } from '../../../storage/port.ts';
import { injectFault } from '../../../testing/faulty-storage-unit.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { padded, tarHeader, withTarChecksum, writeTar } from '../../../testing/ovf-writer.ts';
import { seededBytes } from '../../../testing/seeded-bytes.ts';
import { readArchive } from './read-archive.ts';

const bucketName = 'backups';
const end = new Uint8Array(1024);

async function read(bytes: Uint8Array) {
  const memory = openMemoryStorageUnit(new Map([[bucketName, new Map([['vm.ova', bytes]])]]));
  const { unit: storage, log } = injectFault(memory, { at: 'read', number: 1, slow: true }, 100);
  const entries: ObjectEntry[] = [];
  for await (const page of storage.list({ bucket: bucketName, prefix: '' })) entries.push(...page);
  const [entry] = entries;
  if (entry === undefined) throw new Error('the archive is listed');
  const context = { storage, bucketName, signal: new AbortController().signal };
  const { members, replaced, cut, hasEnd } = await readArchive(context, entry);
  return { members, replaced, cut, hasEnd, reads: log.reads };
}

function header(change: (header: Buffer) => void, type = '0'): Uint8Array {
  const block = Buffer.from(tarHeader('d.vmdk', 3, type));
  change(block);
  return withTarChecksum(block);
}

const three = padded(Buffer.from('abc'));
const isWhole = { replaced: [], cut: null, hasEnd: true };
const isThree = { ...isWhole, members: [{ name: 'd.vmdk', start: 512, bytes: 3 }] };

test('the files of an archive are found where they are', async () => {
  const archive = writeTar([
    ['a.ovf', seededBytes('a', 700)],
    ['./b.vmdk', seededBytes('b', 512)],
    ['empty.nvram', new Uint8Array()],
  ]);
  expect(await read(archive)).toEqual({
    members: [
      { name: 'a.ovf', start: 512, bytes: 700, isSparse: false },
      { name: 'b.vmdk', start: 2048, bytes: 512, isSparse: false },
      { name: 'empty.nvram', start: 3072, bytes: 0, isSparse: false },
    ],
    ...isWhole,
    reads: 1,
  });
});

test('a further member costs one request of its header', async () => {
  const large = (name: string) => [name, new Uint8Array(100_000)] as const;
  expect(await read(writeTar([large('a'), large('b'), large('c')]))).toMatchObject({ ...isWhole, reads: 4 });
  const small = Array.from({ length: 500 }, (_, at) => [`${at}`, new Uint8Array(512)] as const);
  expect(await read(writeTar(small))).toMatchObject({ ...isWhole, reads: 8 });
});

test.each([
  ['a size in base 256', [header((block) => block.write('\x80\0\0\0\0\0\0\0\0\0\0\x03', 124, 'latin1')), three, end]],
  ['a size with blanks', [header((block) => block.write('          3 ', 124)), three, end]],
  ['a checksum of signed bytes', [signedHeader(), three, end]],
  ['a folder of the standard', [header((block) => block.write('d.vmdk\0', 0)), three, tarHeader('x/', 0, '5'), end]],
  ['a link with a size', [header(() => {}), three, header((block) => block.write('other\0\0', 0), '2'), end]],
  ['a comment about the whole archive', [header(() => {}), three, tarHeader('pax', 3, 'g'), three, end]],
])('healthy archives have %s', async (_, blocks) => {
  expect(await read(Buffer.concat(blocks))).toMatchObject(isThree);
});

test('names and sizes may be stored as the data of a member', async () => {
  const long = `${'folder/'.repeat(20)}disk.vmdk`;
  const record = (text: string) => `${text.length + String(text.length + 4).length + 1} ${text}`;
  const pax = Buffer.from(record(`path=${long}\n`) + record('size=3\n'));
  const name = Buffer.from(`${long}\0`);
  const lying = header((block) => block.write('00000000777', 124));
  for (const about of [
    [tarHeader('PaxHeader', pax.length, 'x'), padded(pax), lying],
    [tarHeader('././@LongLink', name.length, 'L'), padded(name), header(() => {})],
  ]) {
    const archive = Buffer.concat([...about, three, header(() => {}), three, end]);
    expect(await read(archive)).toMatchObject({
      ...isWhole,
      members: [
        { name: long, start: 1536, bytes: 3 },
        { name: 'd.vmdk', start: 2560, bytes: 3 },
      ],
    });
  }
});

test('the standard keeps the folders of long names apart', async () => {
  const prefixed = header((block) => block.write('a/folder', 345));
  expect(await read(Buffer.concat([prefixed, three, end]))).toMatchObject({ members: [{ name: 'a/folder/d.vmdk' }] });
});

test.each([
  ['without empty blocks', 1024, { cut: null, hasEnd: false }],
  ['with one of two', 512, { cut: null, hasEnd: false }],
  ['cut by a byte', 1, { cut: expect.stringContaining('not a multiple of 512') }],
  ['cut in the data', 1025, { cut: expect.stringContaining('d.vmdk in it ends at byte 515'), members: [] }],
])('an archive %s shows it', async (_, bytes, expected) => {
  const archive = Buffer.concat([header(() => {}), three.subarray(0, 3), end]);
  const whole = bytes > 1024 ? archive : Buffer.concat([header(() => {}), three, end]);
  expect(await read(whole.subarray(0, whole.length - bytes))).toMatchObject(expected);
});

test.each([
  ['that is something else', seededBytes('other', 4096), 'at byte 0'],
  ['with a header that was changed', Buffer.concat([changed(header(() => {})), three, end]), 'at byte 0'],
  ['with something else after a file', Buffer.concat([header(() => {}), three, seededBytes('x', 512)]), 'at byte 1024'],
  [
    'with a file after one empty block',
    Buffer.concat([header(() => {}), three, new Uint8Array(512), header(() => {}), three, end]),
    'at byte 1024',
  ],
  ['with a negative size', Buffer.concat([header((block) => block.fill(0xff, 124, 136)), end]), 'at byte 0'],
  ['with a size in letters', Buffer.concat([header((block) => block.write('zzz', 124)), end]), 'at byte 0'],
  [
    'with a huge description of a member',
    Buffer.concat([tarHeader('x', 100_000, 'x'), new Uint8Array(102_400)]),
    'at byte 0',
  ],
  [
    'with a description that is none',
    Buffer.concat([tarHeader('x', 3, 'x'), three, header(() => {}), three, end]),
    'at byte 0',
  ],
])('an archive %s is refused', async (_, bytes, detail) => {
  await expect(read(bytes)).rejects.toMatchObject({
    fault: { code: 'metadata_unreadable', detail: expect.stringContaining(detail) },
  });
});

const paxOf = (...fields: readonly string[]) => {
  const records = fields.map((field) => {
    const rest = ` ${field}\n`;
    const digits = String(rest.length + 2).length;
    return `${rest.length + digits}${rest}`;
  });
  const data = Buffer.from(records.join(''));
  return Buffer.concat([tarHeader('PaxHeader', data.length, 'x'), padded(data)]);
};

test.each<[string, readonly Uint8Array[], number?]>([
  ['1.0', [paxOf('GNU.sparse.major=1', 'GNU.sparse.minor=0', 'GNU.sparse.name=d.vmdk', 'GNU.sparse.realsize=9000')]],
  ['0.0', [paxOf('GNU.sparse.size=9000', 'GNU.sparse.numblocks=1', 'GNU.sparse.offset=0', 'GNU.sparse.numbytes=3')]],
  ['of old', []],
  ['of old, with a list of many holes', [], 2],
])('a sparse file of GNU tar %s is found, and so is what follows it', async (_, before, blocks = 0) => {
  const isOld = before.length === 0;
  const sparse = header((block) => block.fill(blocks > 0 ? 1 : 0, 482, 483), isOld ? 'S' : '0');
  const holes = Array.from({ length: blocks }, (_, at) =>
    new Uint8Array(512).fill(1, 504, at + 1 < blocks ? 505 : 504),
  );
  const other = header((block) => block.write('other\0', 0));
  const start = 512 * (isOld ? 1 + blocks : 3);
  expect(await read(Buffer.concat([...before, sparse, ...holes, three, other, three, end]))).toMatchObject({
    ...isWhole,
    members: [
      { name: 'd.vmdk', start, bytes: 3, isSparse: true },
      { name: 'other', start: start + 1024, bytes: 3, isSparse: false },
    ],
  });
});

test('an archive is cut if the list of the holes of a sparse file does not end', async () => {
  const sparse = header((block) => block.fill(1, 482, 483), 'S');
  const holes = new Uint8Array(512).fill(1, 504, 505);
  expect(await read(Buffer.concat([sparse, holes]))).toMatchObject({
    members: [],
    cut: expect.stringContaining('d.vmdk'),
  });
});

test('a member that was appended again replaces the earlier one, as when the archive is unpacked', async () => {
  const other = header((block) => block.write('other\0', 0));
  const archive = Buffer.concat([header(() => {}), three, other, three, header(() => {}), three, end]);
  expect(await read(archive)).toMatchObject({
    members: [
      { name: 'other', start: 1536 },
      { name: 'd.vmdk', start: 2560 },
    ],
    ...{ ...isWhole, replaced: ['d.vmdk'] },
  });
});

test('a size that reaches beyond the archive shows that it was cut', async () => {
  const lying = header((block) => block.write('\x80\0\0\0\0\x1f\xff\xff\xff\xff\xff\xff', 124, 'latin1'));
  expect(await read(Buffer.concat([lying, three, end]))).toMatchObject({
    cut: expect.stringContaining('ends at byte'),
  });
});

function signedHeader(): Uint8Array {
  const block = Buffer.from(tarHeader('d.vmdk', 3, '0'));
  block.write('\xe9', 265, 'latin1');
  const sum = Buffer.from(withTarChecksum(block));
  const unsigned = Number.parseInt(sum.toString('latin1', 148, 154), 8);
  sum.write(`${(unsigned - 256).toString(8).padStart(6, '0')}\0 `, 148);
  return sum;
}

function changed(block: Uint8Array): Uint8Array {
  return Uint8Array.from(block, (byte, at) => (at === 3 ? byte ^ 1 : byte));
}
