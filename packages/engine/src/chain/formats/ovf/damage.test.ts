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
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import {
  diskBytes,
  padded,
  storePackage,
  streamedDisk,
  syncItemOfPackage,
  tarHeader,
} from '../../../testing/ovf-writer.ts';
import { proveAllLevels } from '../../../testing/prove-all-levels.ts';

const bucketName = 'backups';
const unitWith = (objects: Iterable<readonly [string, Uint8Array]>) =>
  openMemoryStorageUnit(new Map([[bucketName, new Map(objects)]]));

test.each([folder, archive])('a package says how far it can be proved: %s', async (imagePath) => {
  expect(await examinePackage(signed, imagePath)).toMatchObject({
    ...{ format: 'ovf', level: 'linkage', fault: null, limit: null, form: { ceiling: 'content', gaps: [] } },
    remark: 'signed by "CN=test signer, O=Tests", certificate not checked against a root',
  });
  expect(await examinePackage(plain, imagePath)).toMatchObject({
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
      'a manifest of another name that was cut',
      change(whole, 'web.mf', gone).concat([['export.mf', manifest[1].subarray(0, -9)]]),
      'metadata: metadata_unreadable',
    ],
    [
      'a manifest of another name that is gone, with a certificate that names it',
      [...plain, ['other.cert', signed.at(-1)?.[1] ?? new Uint8Array()]],
      'metadata: object_missing',
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
      describedAs((all) => all.replace('href="web-base', 'href="file:///x/web-base')),
      'metadata: object_missing',
    ],
    [
      'a file with an escaped way up',
      describedAs((all) => all.replace('href="web-base', 'href="%2e%2e/web-base')),
      'metadata: object_missing',
    ],
  ];
  test.each(table)('%s', async (_, files, expected) => {
    expect(await provePackage(files)).toBe(expected);
  });

  test.each(table.filter(([name]) => !name.includes('descriptor that is gone')))(
    'in an archive: %s',
    async (_, files, expected) => {
      expect(await provePackage(files, archive)).toBe(expected);
    },
  );

  test.each([
    ['a disk', 'web-base.vmdk', 'inventory: version_unsupported'],
    ['a manifest', 'web.mf', 'metadata: version_unsupported'],
    ['a file that nothing references', 'notes.bin', 'whole, linkage'],
  ])('%s as a sparse file of GNU tar matters only if the package needs it', async (_, sparse, expected) => {
    const files: Files = [...whole, ['notes.bin', Buffer.from('notes')]];
    const members = files.flatMap(([path, bytes]) => [
      tarHeader(path, bytes.length, path === sparse ? 'S' : '0'),
      padded(bytes),
    ]);
    const storage = unitWith([[archive, Buffer.concat([...members, new Uint8Array(1024)])]]);
    const { foundBy, code, level } = await proveAllLevels(storage, syncItemOfPackage(archive, bucketName));
    expect(foundBy === null ? `whole, ${level}` : `${foundBy}: ${code}`).toBe(expected);
  });

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

  test('is described in few words, whatever names and ids a descriptor has', async () => {
    const long = 'x'.repeat(300_000);
    const details = [
      describedAs((all) => all.replace('href="web-base.vmdk"', `href="${long}"`)),
      describedAs((all) => all.replace('fileRef="file-base"', `fileRef="${long}"`)),
      describedAs((all) => all.replace('diskId="base"', `diskId="${long}"`)),
      withManifest(plain, 'sha256', [...plain, [long, Buffer.from('x')]]),
    ].map(async (files) => (await examinePackage(files))?.fault?.detail ?? '');
    for (const detail of await Promise.all(details)) {
      expect(detail).not.toBe('');
      expect(detail.length).toBeLessThan(3000);
    }
  });

  test('of a folder with a great many descriptors ends the proof', async () => {
    const [[, descriptor] = ['', new Uint8Array()]] = plain;
    const many = Array.from({ length: 101 }, (_, at): [string, Uint8Array] => [`${at}.ovf`, descriptor]);
    expect(await provePackage([...plain.slice(1), ...many])).toBe('metadata: listing_too_large');
    expect(await provePackage([...plain.slice(1), ...many.slice(1)])).toBe('whole, linkage');
  });

  test('what is missing just after the package was written may still come', async () => {
    const justNow = Date.UTC(2026, 2, 1, 3, 5);
    for (const files of [
      change(whole, 'web-base.vmdk', gone),
      change(whole, 'web.ovf', (bytes) => bytes.subarray(0, 400)),
      // Its manifest is written line by line, or is still that of an earlier export.
      change(whole, 'web.mf', (bytes) => bytes.subarray(0, -9)),
      change(whole, 'web.mf', (bytes) => bytes.subarray(0, bytes.lastIndexOf('SHA256'))),
      withManifest(
        plain,
        'sha256',
        change(
          plain,
          'web.ovf',
          text((all) => `${all}\n`),
        ),
      ),
    ]) {
      expect((await examinePackage(files, folder, justNow))?.fault?.code).toBe('incomplete');
    }
  });
});
