import { describe, expect, test } from 'vitest';
import { examineBackups } from '../../../testing/examine-backups.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import {
  diskBytes,
  filesOfPackage,
  type PackagedFile,
  planOfPackage,
  storePackage,
  streamedDisk,
  syncItemOfPackage,
  writeCertificate,
  writeManifestLines,
} from '../../../testing/ovf-writer.ts';
import { proveAllLevels } from '../../../testing/prove-all-levels.ts';

const bucketName = 'backups';
const folder = 'exports/web-1';
const archive = 'templates/web.ova';

type Files = readonly PackagedFile[];

const plan = planOfPackage(folder);
const whole = filesOfPackage(plan);
const plain = filesOfPackage({ ...plan, algorithm: null });
const manifest = whole.find(([path]) => path === 'web.mf');
const certificate = await writeCertificate(manifest ?? ['', new Uint8Array()]);
const signed: Files = [...whole, ['web.cert', certificate]];

const unitWith = (objects: Iterable<readonly [string, Uint8Array]>) =>
  openMemoryStorageUnit(new Map([[bucketName, new Map(objects)]]));

async function prove(files: Files, imagePath = folder) {
  const storage = unitWith(storePackage(imagePath, files));
  const { foundBy, code, level } = await proveAllLevels(storage, syncItemOfPackage(imagePath, bucketName));
  return foundBy === null ? `whole, ${level}` : `${foundBy}: ${code}`;
}

async function examine(files: Files, imagePath = folder, nowMs = Date.UTC(2026, 10, 23)) {
  const storage = unitWith(storePackage(imagePath, files));
  const item = syncItemOfPackage(imagePath, bucketName);
  const [examination] = await examineBackups(storage, [item], { nowMs: () => nowMs });
  return examination ?? null;
}

/** The files with one of them changed; without it if the change returns null. */
function change(files: Files, path: string, how: (bytes: Buffer) => Uint8Array | null): Files {
  return files.flatMap((file): Files => {
    if (file[0] !== path) return [file];
    const bytes = how(Buffer.from(file[1]));
    return bytes === null ? [] : [[path, bytes]];
  });
}

/** The files with a descriptor that was changed before the manifest was made. */
function describedAs(how: (text: string) => string, files: Files = plain): Files {
  return change(files, 'web.ovf', (bytes) => Buffer.from(how(bytes.toString())));
}

function withManifest(files: Files, algorithm: 'sha1' | 'sha256' | 'sha512' = 'sha256', of: Files = files): Files {
  return [...files, ['web.mf', Buffer.from(writeManifestLines(algorithm, of))]];
}

/** As early writers describe a package: only the envelope and the attributes have the namespace. */
const unqualified = (all: string) =>
  all.replace(/<Envelope xmlns="[^"]*"/, '<ovf:Envelope').replace('</Envelope>', '</ovf:Envelope>');

const flip = (at: number) => (bytes: Buffer) => {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
};
const gone = () => null;
const cut = (bytes: Buffer) => bytes.subarray(0, -1);
const text = (how: (text: string) => string) => (bytes: Buffer) => Buffer.from(how(bytes.toString()));

test.each([folder, archive])('a package says how far it can be proved: %s', async (imagePath) => {
  expect(await examine(signed, imagePath)).toMatchObject({
    ...{ format: 'ovf', level: 'linkage', fault: null, limit: null, form: { ceiling: 'content', gaps: [] } },
    remark: 'signed by CN=test signer, O=Tests, certificate not checked against a root',
  });
  expect(await examine(plain, imagePath)).toMatchObject({
    ...{ level: 'linkage', fault: null, limit: null, remark: null },
    form: { ceiling: 'linkage', gaps: ['no_digest'] },
  });
});

describe('damage of a package', () => {
  const table: readonly (readonly [string, Files, string])[] = [
    ['a descriptor that is gone', change(whole, 'web.ovf', gone), 'metadata: object_missing'],
    [
      'a descriptor that was cut',
      change(whole, 'web.ovf', (bytes) => bytes.subarray(0, 400)),
      'metadata: metadata_unreadable',
    ],
    [
      'a descriptor with other words',
      change(
        whole,
        'web.ovf',
        text((all) => all.replace('Virtual', 'virtual')),
      ),
      'metadata: content_mismatch',
    ],
    ['a disk that is gone', change(whole, 'web-base.vmdk', gone), 'inventory: object_missing'],
    [
      'a disk that is empty',
      change(whole, 'web-base.vmdk', () => new Uint8Array()),
      'inventory: object_size_impossible',
    ],
    [
      'a disk that was cut',
      change(whole, 'web-base.vmdk', (bytes) => bytes.subarray(0, 15_000)),
      'linkage: object_size_impossible',
    ],
    ['a disk that was cut by a byte', change(whole, 'web-base.vmdk', cut), 'linkage: object_size_impossible'],
    ['a byte of a disk flipped', change(whole, 'web-base.vmdk', flip(12_000)), 'content: content_mismatch'],
    ['the header of a disk changed', change(whole, 'web-base.vmdk', flip(0)), 'linkage: metadata_unreadable'],
    [
      'a disk of another size',
      change(whole, 'web-base.vmdk', () => streamedDisk('other').bytes),
      'content: content_mismatch',
    ],
    [
      'a digest changed',
      change(
        whole,
        'web.mf',
        text((all) => all.replace(/(base.*= )./, '$1x')),
      ),
      'metadata: metadata_unreadable',
    ],
    [
      'a line of the manifest removed',
      change(
        whole,
        'web.mf',
        text((all) => all.replace(/^.*base.*\n/m, '')),
      ),
      'metadata: metadata_unreadable',
    ],
    [
      'a line about a file that is not there',
      withManifest(plain, 'sha256', [...plain, ['gone.iso', Buffer.from('x')]]),
      'inventory: object_missing',
    ],
    ['a signed manifest that is gone', change(signed, 'web.mf', gone), 'metadata: object_missing'],
    [
      'a signed manifest that was changed',
      change(
        signed,
        'web.mf',
        text((all) => `${all}\n`),
      ),
      'metadata: content_mismatch',
    ],
    [
      'a certificate that was cut',
      change(signed, 'web.cert', (bytes) => bytes.subarray(0, 900)),
      'metadata: metadata_unreadable',
    ],
    [
      'without a manifest, a disk that was cut by a byte',
      change(plain, 'web-base.vmdk', cut),
      'inventory: object_size_impossible',
    ],
    ['without a manifest, a disk that is gone', change(plain, 'web-delta.vmdk', gone), 'inventory: object_missing'],
    [
      'a disk with another capacity',
      describedAs((all) => all.replace(`capacity="${diskBytes}"`, `capacity="${2 * diskBytes}"`)),
      'linkage: geometry',
    ],
    [
      'a disk on one that the package lacks',
      describedAs((all) => all.replace(' ovf:parentRef="base"', '')),
      'linkage: parent_missing',
    ],
    [
      'a disk that is gone, of a descriptor whose elements have no namespace',
      withManifest(change(describedAs(unqualified), 'web-base.vmdk', gone)),
      'metadata: metadata_unreadable',
    ],
    [
      'the same without a manifest',
      change(describedAs(unqualified), 'web-base.vmdk', gone),
      'inventory: object_missing',
    ],
    [
      'a file outside of the folder',
      describedAs((all) => all.replace('href="web-base', 'href="../web-base')),
      'metadata: object_missing',
    ],
    [
      'a file with an absolute name',
      describedAs((all) => all.replace('href="web-base', 'href="/etc/web-base')),
      'metadata: object_missing',
    ],
    [
      'a file at another place',
      describedAs((all) => all.replace('href="web-base', 'href="http://x/web-base')),
      'metadata: object_missing',
    ],
    [
      'a file with an escaped way up',
      describedAs((all) => all.replace('href="web-base', 'href="%2e%2e/web-base')),
      'metadata: object_missing',
    ],
  ];
  test.each(table)('%s', async (_, files, expected) => {
    expect(await prove(files)).toBe(expected);
  });

  test.each(table.filter(([name]) => !name.includes('descriptor that is gone')))(
    'in an archive: %s',
    async (_, files, expected) => {
      expect(await prove(files, archive)).toBe(expected);
    },
  );

  test('an archive that was cut is found', async () => {
    const [[, bytes] = ['', new Uint8Array()]] = storePackage(archive, whole);
    const proofOf = async (cutBytes: number) => {
      const storage = unitWith([[archive, bytes.subarray(0, bytes.length - cutBytes)]]);
      return await proveAllLevels(storage, syncItemOfPackage(archive, bucketName));
    };
    expect(await proofOf(1)).toMatchObject({ foundBy: 'inventory', code: 'object_size_impossible' });
    expect(await proofOf(5000)).toMatchObject({ foundBy: 'inventory', code: 'object_size_impossible' });
    expect(await proofOf(bytes.length - 100)).toMatchObject({ foundBy: 'metadata', code: 'object_size_impossible' });
    expect(await proofOf(1024)).toMatchObject({ foundBy: null, level: 'linkage' });
  });

  test('what is missing just after the package was written may still come', async () => {
    const justNow = Date.UTC(2026, 2, 1, 3, 5);
    for (const files of [
      change(whole, 'web-base.vmdk', gone),
      change(whole, 'web.ovf', (bytes) => bytes.subarray(0, 400)),
    ]) {
      expect((await examine(files, folder, justNow))?.fault?.code).toBe('incomplete');
    }
  });
});

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
    [
      'with a manifest of another name',
      change(whole, 'web.mf', gone).concat([['export.mf', manifest?.[1] ?? new Uint8Array()]]),
      'content',
    ],
    ['whose elements have no namespace', withManifest(describedAs(unqualified)), 'content'],
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
    const examination = await examine(files);
    expect(examination).toMatchObject({ level: 'linkage', fault: null, form: { ceiling } });
    expect(await prove(files)).toBe('whole, linkage');
    expect(await prove(files, archive)).toBe('whole, linkage');
  });

  const remarkOf = async (files: Files, imagePath = folder) => (await examine(files, imagePath))?.remark;

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
    expect(await prove(files, archive)).toBe('whole, linkage');
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
    expect(await examine(both)).toMatchObject({ level: 'linkage', fault: null, remark: 'it has 2 packages' });
    expect(await prove(change(both, 'db-base.vmdk', gone))).toBe('inventory: object_missing');
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
    expect(await examine(files)).toMatchObject({
      ...{ level: 'inventory', fault: null, form: { ceiling }, limit: expect.stringContaining(limit) },
    });
    expect(await prove(files)).toBe('whole, inventory');
    expect(await prove(files, archive)).toBe('whole, inventory');
  });

  test('and of which no size is known ends at metadata', async () => {
    expect(await examine(unsized)).toMatchObject({
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
    expect(await prove(files)).toBe(expected);
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
  expect(await examine(sized)).toMatchObject({
    ...{
      level: 'inventory',
      fault: null,
      limit: expect.stringContaining('was made on another content of disk "base"'),
    },
  });
  expect(await prove(withManifest(sized))).toBe('whole, inventory');
});
