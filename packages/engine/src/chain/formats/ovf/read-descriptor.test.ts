import { expect, test } from 'vitest';
import { readDescriptor } from './read-descriptor.ts';

const namespace = 'http://schemas.dmtf.org/ovf/envelope/1';

async function read(text: string | Uint8Array) {
  const reading = await readDescriptor('vm.ovf', Buffer.from(text));
  return reading.kind === 'read' ? reading.descriptor : reading.fault;
}

function envelope(content: string, attributes = `xmlns="${namespace}" xmlns:ovf="${namespace}"`): string {
  return `<?xml version="1.0"?>\n<Envelope ${attributes}>${content}</Envelope>`;
}

const references = '<References><File ovf:id="f" ovf:href="d.vmdk" ovf:size="7"/></References>';
const disk = '<DiskSection><Info/><Disk ovf:diskId="d" ovf:fileRef="f" ovf:capacity="8"/></DiskSection>';
const whole = {
  systemName: null,
  files: [{ id: 'f', href: 'd.vmdk', bytes: 7, isCompressed: false, chunkBytes: null }],
  disks: [{ id: 'd', fileId: 'f', parentId: null, capacity: { bytes: 8, unitBytes: 1 }, format: null }],
};

test.each([
  ['version 1', envelope(references + disk)],
  ['attributes without a prefix', envelope(references + disk).replaceAll(' ovf:', ' ')],
  ['a prefix for the elements', envelope(references + disk).replaceAll(/<(\/?)(?=[A-Z])/g, '<$1ovf:')],
  ['version 2', envelope(references + disk).replaceAll('envelope/1', 'envelope/2')],
  [
    'version 0.9, with sections of one name',
    envelope(references + disk)
      .replaceAll(namespace, 'http://www.vmware.com/schema/ovf/1/envelope')
      .replace('<DiskSection>', '<Section type="ovf:DiskSection_Type">')
      .replace('</DiskSection>', '</Section>'),
  ],
  [
    'version 0.9, with the namespace on the envelope and the attributes alone',
    envelope(references + disk, 'xmlns:ovf="http://www.vmware.com/schema/ovf/1/envelope" ovf:version="0.9"')
      .replace('<Envelope', '<ovf:Envelope')
      .replace('</Envelope', '</ovf:Envelope')
      .replace('<DiskSection>', '<Section>')
      .replace('</DiskSection>', '</Section>'),
  ],
  [
    'elements without a namespace inside of what is not of OVF',
    envelope(`${references}<v:x xmlns:v="urn:v" xmlns=""><Disk fileRef="other"/></v:x>${disk}`),
  ],
  ['comments and what is not of OVF', envelope(`<!-- x -->${references}<v:File xmlns:v="urn:v" id="f"/>${disk}`)],
  ['another encoding', Buffer.from(`\ufeff${envelope(references + disk)}`, 'utf16le')],
  [
    'a named encoding',
    Buffer.from(envelope(`<!-- é -->${references}${disk}`).replace('?>', ' encoding="ISO-8859-1"?>'), 'latin1'),
  ],
])('a descriptor is read: %s', async (_, text) => {
  expect(await read(text)).toEqual(whole);
});

test.each([
  ['the name of the machine', '<VirtualSystem ovf:id="vm"><Name>web &amp; db</Name></VirtualSystem>', 'web & db'],
  ['its id, without a name', '<VirtualSystem ovf:id="vm"><Info>x</Info></VirtualSystem>', 'vm'],
  ['that of version 0.9', '<Content ovf:id="old"/>', 'old'],
  [
    'that of a collection',
    '<VirtualSystemCollection ovf:id="all"><VirtualSystem ovf:id="a"><Name>a</Name></VirtualSystem></VirtualSystemCollection>',
    'all',
  ],
])('what is described has a name: %s', async (_, content, systemName) => {
  expect(await read(envelope(`<References/>${content}`))).toMatchObject({ systemName });
});

test.each([
  ['byte', 1],
  ['byte * 2^20', 2 ** 20],
  ['byte*2^30', 2 ** 30],
  ['MegaBytes', 2 ** 20],
  ['furlongs', null],
])('capacities have units: %s', async (units, unitBytes) => {
  const capacity = unitBytes === null ? null : { bytes: 8 * unitBytes, unitBytes };
  const text = envelope(references + disk.replace('capacity=', `capacityAllocationUnits="${units}" ovf:capacity=`));
  expect(await read(text)).toMatchObject({ disks: [{ capacity }] });
});

test('a capacity may be left open until the package is deployed', async () => {
  expect(await read(envelope(references + disk.replace('"8"', `"\${disk.size}"`)))).toMatchObject({
    disks: [{ capacity: null }],
  });
});

test('files may be compressed or in parts, and disks empty', async () => {
  const text = envelope(
    '<References><File ovf:id="f" ovf:href="d.vmdk" ovf:compression="gzip" ovf:chunkSize="100"/></References>' +
      '<DiskSection><Disk ovf:diskId="e" ovf:capacity="1"/></DiskSection>',
  );
  expect(await read(text)).toMatchObject({
    files: [{ bytes: null, isCompressed: true, chunkBytes: 100 }],
    disks: [{ id: 'e', fileId: null }],
  });
});

const unreadable = (detail: string) => ({ code: 'metadata_unreadable', detail: expect.stringContaining(detail) });

test.each([
  ['nothing', '', ''],
  ['no XML', 'SHA1(x)= 00', 'line 1'],
  ['the end is missing', envelope(references).slice(0, -3), 'line 2'],
  ['another root', '<x/>', 'not with an envelope'],
  ['a document type', `<!DOCTYPE Envelope [<!ENTITY a "b">]>${envelope('').slice(22)}`, 'document type'],
  ['an entity of its own', envelope('<Info>&secret;</Info>'), 'undefined entity'],
  ['elements within elements', envelope('<a>'.repeat(200)), 'nested more than 100 deep'],
  ['a file without a name', envelope(references.replace('ovf:href="d.vmdk" ', '')), 'File has no href'],
  ['a file of impossible size', envelope(references.replace('"7"', '"-7"')), 'size "-7" is impossible'],
  ['a size that is too large', envelope(references.replace('"7"', '"9999999999999999"')), 'impossible'],
  ['an impossible capacity', envelope(references + disk.replace('"8"', '"1e9"')), 'capacity "1e9" is impossible'],
  ['an envelope with nothing in it', envelope(''), 'no References'],
  ['disks without References', envelope(disk.replace(' ovf:fileRef="f"', '')), 'no References'],
  [
    'files of another namespace',
    envelope(references.replace('<File', '<v:File xmlns:v="urn:v"')),
    'a File of another namespace, "urn:v"',
  ],
  ['an id twice', envelope(references.replace(/<File.*\/>/, '$&$&')), 'two files have the id "f"'],
  ['a disk twice', envelope(references + disk.replace(/<Disk .*?\/>/, '$&$&')), 'two disks have the id "d"'],
  ['a disk of a file that is not there', envelope(`<References/>${disk}`), 'names a file "f"'],
  [
    'a disk on one that is not there',
    envelope(references + disk.replace('<Disk ', '<Disk ovf:parentRef="x" ')),
    'builds on a disk "x"',
  ],
  [
    'a disk on itself',
    envelope(references + disk.replace('<Disk ', '<Disk ovf:parentRef="d" ')),
    'disk "d" builds on itself',
  ],
  ['bytes that are no text', Buffer.from([0x3c, 0xff, 0xfe]), 'not text'],
])('a descriptor is refused: %s', async (_, text, detail) => {
  expect(await read(text)).toEqual(unreadable(detail));
});

test.each([
  ['a later version', 'envelope/9'],
  ['oVirt, whose fields mean something else', 'envelope/1/'],
])('a descriptor of %s is not taken for one of a known version', async (_, inNamespace) => {
  expect(await read(envelope('').replaceAll('envelope/1', inNamespace))).toMatchObject({
    code: 'version_unsupported',
  });
});

test('a descriptor with 100,000 files is read, and one with more is refused', { timeout: 60_000 }, async () => {
  const files = (count: number) =>
    envelope(
      `<References>${Array.from({ length: count }, (_, at) => `<File id="${at}" href="${at}"/>`).join('')}</References>`,
    );
  const descriptor = await read(files(100_000));
  expect('files' in descriptor && descriptor.files.length).toBe(100_000);
  expect(await read(files(100_001))).toEqual(unreadable('more than 100000 files'));
});

test('a long chain of disks is followed once', async () => {
  const disks = Array.from({ length: 20_000 }, (_, at) => {
    const parent = at === 0 ? '' : ` parentRef="${at - 1}"`;
    return `<Disk diskId="${at}" capacity="1"${parent}/>`;
  });
  const chain = await read(envelope(`<References/><DiskSection>${disks.toReversed().join('')}</DiskSection>`));
  expect('disks' in chain && chain.disks.length).toBe(20_000);
});
