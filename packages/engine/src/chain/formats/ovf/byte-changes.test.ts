import { expect, test } from 'vitest';
import { changeEveryByte, isFound, mayPass } from '../../../testing/change-every-byte.ts';
import {
  filesOfPackage,
  type PackagedDisk,
  storePackage,
  syncItemOfPackage,
  writeCertificate,
} from '../../../testing/ovf-writer.ts';

const plan = {
  ...{ imagePath: 'exports/web', name: 'web', algorithm: 'sha256' as const },
  disks: [
    { id: 'log', file: null, capacityBytes: 4096 },
    { id: 'raw', file: { name: 'web.img', bytes: Buffer.from('a small disk') }, capacityBytes: 512 },
  ] satisfies PackagedDisk[],
};
const files = filesOfPackage(plan);
const [, manifest] = files;
if (manifest === undefined) throw new Error('the package has a manifest');
const objects = storePackage(plan.imagePath, files);
const signed = new Map([...objects, [`${plan.imagePath}/web.cert`, await writeCertificate(manifest)]]);
const item = syncItemOfPackage(plan.imagePath, 'backups');

const all = (field: string) => (bytes: Uint8Array) => Array.from(bytes, () => field);

test('a change of any byte of a descriptor is found by its digest, or earlier', { timeout: 120_000 }, async () => {
  const key = `${plan.imagePath}/web.ovf`;
  const { descriptor } = await changeEveryByte({ objects, key, item, fieldsOf: all('descriptor') });
  expect(descriptor?.passes).toBe(false);
  expect(descriptor?.found).toContain('metadata: content_mismatch');
});

test('a change of any byte of a manifest is found, unless the line says the same', { timeout: 120_000 }, async () => {
  const key = `${plan.imagePath}/web.mf`;
  const fieldsOf = (bytes: Uint8Array) =>
    Buffer.from(bytes)
      .toString()
      .split(/(?<=\n)/)
      .flatMap((line) => {
        const [open, close] = [line.indexOf('('), line.indexOf(')')];
        const isOfDescriptor = line.includes('.ovf') ? ' of the descriptor' : '';
        return Array.from(line, (_, at) => {
          if (at < open) return 'algorithm';
          if (at > open && at < close) return `name${isOfDescriptor}`;
          return at > close + 2 && line[at] !== '\n' ? 'digest' : 'structure';
        });
      });
  const fields = await changeEveryByte({ objects, key, item, fieldsOf });
  expect(fields.digest).toEqual({
    found: ['content: content_mismatch', 'metadata: content_mismatch', 'metadata: metadata_unreadable'],
    passes: true,
  });
  expect(fields.name).toMatchObject({ passes: false });
});

test('a change of any byte of a signed manifest is found', { timeout: 120_000 }, async () => {
  const key = `${plan.imagePath}/web.mf`;
  const changes = await changeEveryByte({ objects: signed, key, item, fieldsOf: all('manifest') });
  expect(changes).toEqual({
    manifest: isFound('metadata: content_mismatch', 'metadata: metadata_unreadable'),
  });
});

test('a change of any byte of an archive is found where it matters', { timeout: 120_000 }, async () => {
  const imagePath = 'exports/web.ova';
  const members = filesOfPackage({ ...plan, disks: plan.disks.slice(0, 1) });
  const archive = storePackage(imagePath, members);
  const ofMember = (name: string, index: number) =>
    Array(Math.ceil((members[index]?.[1].length ?? 0) / 512)).fill(name);
  const blocks = ['header', ...ofMember('descriptor', 0), 'header', ...ofMember('manifest', 1), 'end', 'end'];
  const fieldsOf = (bytes: Uint8Array) => Array.from(bytes, (_, at) => blocks[Math.floor(at / 512)] ?? 'beyond');
  const item = syncItemOfPackage(imagePath, 'backups');
  const changes = await changeEveryByte({ objects: archive, key: imagePath, item, fieldsOf });
  expect(changes).toEqual({
    header: mayPass('digits of its checksum may be blanks', 'metadata: metadata_unreadable'),
    descriptor: mayPass(
      'it is filled up to a block',
      ...['metadata: content_mismatch', 'metadata: metadata_unreadable', 'metadata: version_unsupported'],
    ),
    manifest: mayPass(
      'it is filled up to a block, and has blanks and digits in either case',
      ...['inventory: object_missing', 'metadata: content_mismatch', 'metadata: metadata_unreadable'],
    ),
    end: isFound('metadata: metadata_unreadable'),
  });
});
