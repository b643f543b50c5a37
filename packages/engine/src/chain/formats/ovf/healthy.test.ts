import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  archive,
  change,
  cut,
  describedAs,
  examinePackage,
  type Files,
  flip,
  folder,
  gone,
  manifest,
  plain,
  provePackage,
  signed,
  text,
  unqualified,
  whole,
  withManifest,
} from '../../../testing/changed-package.ts';
import {
  diskBytes,
  filesOfPackage,
  type PackagedFile,
  planOfPackage,
  streamedDisk,
} from '../../../testing/ovf-writer.ts';
import { seededBytes } from '../../../testing/seeded-bytes.ts';

describe('healthy packages', () => {
  const wrongSize = (all: string) => all.replace(/(href="web-base.*size=")\d+/, '$1999');
  test.each<[string, Files, string]>([
    ['whose descriptor has a wrong size, while a digest decides', withManifest(describedAs(wrongSize)), 'content'],
    ['with SHA-1', withManifest(plain, 'sha1'), 'content'],
    ['with SHA-512', withManifest(plain, 'sha512'), 'content'],
    ['whose manifest has no line about the descriptor', withManifest(plain, 'sha256', plain.slice(1)), 'content'],
    [
      'with blanks and upper case in the manifest',
      change(
        whole,
        'web.mf',
        text((all) => all.replaceAll(/\((.*)\)= (.*)\n/g, (_, name, hex) => ` ( ${name} ) = ${hex.toUpperCase()}\r\n`)),
      ),
      'content',
    ],
    [
      'with files that the descriptor does not reference',
      [...whole, ['web.nvram', Buffer.from('x')], ['notes', Buffer.from('y')]],
      'content',
    ],
    ['with a manifest that names such a file', withManifest([...plain, ['web.nvram', Buffer.from('x')]]), 'content'],
    ['with an empty file of a known digest', withManifest([...plain, ['web.nvram', new Uint8Array()]]), 'content'],
    ['with a manifest of another name', change(whole, 'web.mf', gone).concat([['export.mf', manifest[1]]]), 'content'],
    ['whose elements have no namespace', withManifest(describedAs(unqualified)), 'content'],
    [
      'with what another computer leaves next to each file',
      [['._web.ovf', Buffer.from('\0\x05\x16\x07')], ['._web.mf', Buffer.from('\0\x05\x16\x07')], ...whole],
      'content',
    ],
    [
      'with certificates and manifests of something else',
      [...whole, ['ca.cert', Buffer.from('-----BEGIN')], ['MANIFEST.MF', Buffer.from('Manifest-Version: 1.0')]],
      'content',
    ],
    [
      'with these, and without a manifest',
      [...plain, ['ca.cert', Buffer.from('-----BEGIN')], ['MANIFEST.MF', Buffer.from('Manifest-Version: 1.0')]],
      'linkage',
    ],
    [
      'with a manifest of other files',
      [...plain, ['others.mf', Buffer.from(`SHA1(other.iso)= ${'a'.repeat(40)}\n`)]],
      'linkage',
    ],
    ['with escaped names', withManifest(describedAs((all) => all.replace('web-base', 'web%2Dbase'))), 'content'],
    [
      'with ./ in front of names',
      withManifest(describedAs((all) => all.replace('"web-base', '"./web-base'))),
      'content',
    ],
    ['without sizes, if the disks show them', describedAs((all) => all.replaceAll(/ ovf:size="\d+"/g, '')), 'linkage'],
    [
      'with a capacity in larger units',
      describedAs((all) =>
        all.replace(
          `capacity="${diskBytes}" ovf:capacityAllocationUnits="byte"`,
          'capacity="1" ovf:capacityAllocationUnits="byte * 2^20"',
        ),
      ),
      'linkage',
    ],
  ])('%s', async (_, files, ceiling) => {
    const examination = await examinePackage(files);
    expect(examination).toMatchObject({ level: 'linkage', fault: null, form: { ceiling } });
    expect(await provePackage(files)).toBe('whole, linkage');
    expect(await provePackage(files, archive)).toBe('whole, linkage');
  });

  const remarkOf = async (files: Files, imagePath = folder) => (await examinePackage(files, imagePath))?.remark;

  test('say what is unusual', async () => {
    expect(await remarkOf(withManifest(describedAs(wrongSize)))).toMatch(
      /^web-base.vmdk has [\d,]+ bytes, not 999 as in/,
    );
    expect(await remarkOf(withManifest(plain, 'sha256', plain.slice(1)))).toBe('web.mf has no digest of web.ovf');
    expect(await remarkOf([...whole, ['notes', Buffer.from('y')]])).toBe('1 other file next to it: notes');
    expect(await remarkOf(whole.toReversed(), archive)).toBe('the descriptor is not the first file of the archive');
  });

  test('may be archived with their folder', async () => {
    const files = signed.map(([path, bytes]): PackagedFile => [`./web/${path}`, bytes]);
    expect(await provePackage(files, archive)).toBe('whole, linkage');
  });

  test('may be several in one folder, and each counts', async () => {
    const other = filesOfPackage({ ...planOfPackage('exports/db'), name: 'db' }).map(
      ([path, bytes]): PackagedFile => [path.replace('web', 'db'), bytes],
    );
    const named = change(
      other,
      'db.ovf',
      text((all) => all.replaceAll('"web-', '"db-')),
    );
    const both = [...plain, ...change(named, 'db.mf', gone)];
    expect(await examinePackage(both)).toMatchObject({ level: 'linkage', fault: null, remark: 'it has 2 packages' });
    expect(await provePackage(change(both, 'db-base.vmdk', gone))).toBe('inventory: object_missing');
  });
});

describe('a package whose structure cannot be seen', () => {
  const compressed = (all: string) => all.replace('ovf:id="file-base"', '$& ovf:compression="gzip"');
  const inParts = (files: Files): Files =>
    files.flatMap((file): Files => {
      if (file[0] !== 'web-base.vmdk') return [file];
      const [first, second] = [file[1].subarray(0, 12_000), file[1].subarray(12_000)];
      return [
        ['web-base.vmdk.000000000', first],
        ['web-base.vmdk.000000001', second],
      ];
    });
  const chunked = (all: string) => all.replace('ovf:id="file-base"', '$& ovf:chunkSize="12000"');
  const asRaw = (all: string) => all.replace('ovf:diskId="base"', '$& ovf:format="http://example.org/raw"');
  const inPartsOf = inParts(describedAs(chunked));
  const unsized = describedAs((all) => asRaw(all).replaceAll(/ ovf:size="\d+"/g, ''));

  test.each<[string, Files, string, string]>([
    ['compressed', withManifest(describedAs(compressed)), 'content', 'it is compressed'],
    ['in parts', withManifest(inPartsOf), 'content', 'it is not a VMDK file in one piece'],
    ['in another format', withManifest(describedAs(asRaw)), 'content', 'it is not a VMDK file in one piece'],
    ['in parts, without a manifest', inPartsOf, 'inventory', 'it is not a VMDK file in one piece'],
    ['in another format, without a manifest', describedAs(asRaw), 'inventory', 'it is not a VMDK file in one piece'],
  ])('%s is proved by its digests alone', async (_, files, ceiling, limit) => {
    expect(await examinePackage(files)).toMatchObject({
      ...{ level: 'inventory', fault: null, form: { ceiling }, limit: expect.stringContaining(limit) },
    });
    expect(await provePackage(files)).toBe('whole, inventory');
    expect(await provePackage(files, archive)).toBe('whole, inventory');
  });

  describe('and whose descriptor has the size before compression', () => {
    const disk = seededBytes('disk', 60_000);
    const [one, two] = [gzipSync(disk.subarray(0, 30_000)), gzipSync(disk.subarray(30_000))];
    const inTwoMembers = Buffer.concat([one, two]);
    const parts: Files = Array.from({ length: 3 }, (_, at) => {
      return [`disk.gz.00000000${at}`, inTwoMembers.subarray(at * 25_000, (at + 1) * 25_000)];
    });
    const sized = (attributes: string) =>
      filesOfPackage(planOfPackage(folder, { disks: [], algorithm: null })).map(([path, bytes]): Files[number] => {
        const file = `<File ovf:id="d" ovf:href="disk.gz" ovf:size="200000" ${attributes}/>`;
        return [path, Buffer.from(Buffer.from(bytes).toString().replace('<References>', `$&${file}`))];
      });
    const compressed = sized('ovf:compression="gzip"');
    const chunked = sized('ovf:compression="gzip" ovf:chunkSize="25000"');

    test.each<[string, Files]>([
      ['gzip of several members', [...compressed, ['disk.gz', inTwoMembers]]],
      ['another compression', [...compressed, ['disk.gz', disk]]],
      ['parts', [...chunked, ...parts]],
    ])('is whole, and without a digest proved to metadata: %s', async (_, files) => {
      expect(await examinePackage(withManifest(files))).toMatchObject({ fault: null, form: { ceiling: 'content' } });
      expect(await examinePackage(files)).toMatchObject({
        ...{ level: 'metadata', fault: null, form: { ceiling: 'metadata', gaps: ['size_unknown', 'no_digest'] } },
      });
    });

    test('still shows a part that is gone', async () => {
      expect(await provePackage(change(withManifest([...chunked, ...parts]), 'disk.gz.000000002', gone))).toBe(
        'inventory: object_missing',
      );
    });
  });

  test('and of which a file is on a web server ends at metadata', async () => {
    const onServer = describedAs((all) =>
      all.replace('</References>', '<File ovf:id="i" ovf:href="https://h/x.iso"/>$&'),
    );
    expect(await examinePackage(withManifest(onServer))).toMatchObject({
      ...{ level: 'metadata', fault: null, limit: expect.stringContaining('"https://h/x.iso" is not in the bucket') },
      form: { ceiling: 'metadata', gaps: ['data_elsewhere'] },
    });
    expect(await examinePackage(onServer)).toMatchObject({ form: { gaps: ['data_elsewhere', 'no_digest'] } });
    expect(await provePackage(change(onServer, 'web-base.vmdk', gone))).toBe('inventory: object_missing');
  });

  test('and of which no size is known ends at metadata', async () => {
    expect(await examinePackage(unsized)).toMatchObject({
      ...{ level: 'metadata', fault: null, limit: expect.stringContaining('how large web-base.vmdk must be') },
      form: { ceiling: 'metadata', gaps: ['size_unknown', 'no_digest'] },
    });
  });

  test.each([
    ['a part that is gone', change(inPartsOf, 'web-base.vmdk.000000001', gone), 'inventory: object_missing'],
    ['a part that was cut', change(inPartsOf, 'web-base.vmdk.000000000', cut), 'inventory: object_size_impossible'],
    [
      'a byte of a part flipped',
      change(withManifest(inPartsOf), 'web-base.vmdk.000000001', flip(9)),
      'content: content_mismatch',
    ],
    [
      'a part without a digest',
      withManifest(inPartsOf, 'sha256', inPartsOf.slice(0, -3)),
      'metadata: metadata_unreadable',
    ],
    ['a disk that was cut', change(describedAs(asRaw), 'web-base.vmdk', cut), 'inventory: object_size_impossible'],
  ])('still shows damage: %s', async (_, files, expected) => {
    expect(await provePackage(files)).toBe(expected);
  });
});

test('a disk whose parent has another content id is not called broken', async () => {
  const base = streamedDisk('changed since').bytes;
  const files = change(plain, 'web-base.vmdk', () => base);
  const sized = change(
    files,
    'web.ovf',
    text((all) => all.replace(/(href="web-base.*size=")\d+/, `$1${base.length}`)),
  );
  expect(await examinePackage(sized)).toMatchObject({
    ...{
      level: 'inventory',
      fault: null,
      limit: expect.stringContaining('was made on another content of disk "base"'),
    },
  });
  expect(await provePackage(withManifest(sized))).toBe('whole, inventory');
});
