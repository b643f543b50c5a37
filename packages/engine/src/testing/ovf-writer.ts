import { createHash, createSign } from 'node:crypto';
import type { BackupSync } from '@backup-sync/contracts';
import { generate } from 'selfsigned';
import { seededBytes } from './seeded-bytes.ts';
import { grainBytes, writeVmdk } from './vmdk-writer.ts';

/** A disk of a package. */
export type PackagedDisk = {
  readonly id: string;
  /** Null for an empty disk. */
  readonly file: { readonly name: string; readonly bytes: Uint8Array } | null;
  readonly capacityBytes: number;
  readonly parentId?: string;
};

export type PackagePlan = {
  /** The image path: the folder of the package or, if it ends in `.ova`, its archive. */
  readonly imagePath: string;
  readonly name: string;
  readonly disks: readonly PackagedDisk[];
  /** Null for a package without a manifest. */
  readonly algorithm: 'sha1' | 'sha256' | 'sha512' | null;
};

/** A file with its path in the package. */
export type PackagedFile = readonly [path: string, bytes: Uint8Array];

/** Size of the small disks of packages, in grains. */
const diskGrains = 8;
export const diskBytes = diskGrains * grainBytes;

const envelope = 'http://schemas.dmtf.org/ovf/envelope/1';

/** Writes the files of a package as a virtualisation platform exports them: descriptor, manifest, disks. */
export function filesOfPackage({ name, disks, algorithm }: PackagePlan): readonly PackagedFile[] {
  const stored = disks.flatMap(({ file }): PackagedFile[] => (file === null ? [] : [[file.name, file.bytes]]));
  const files: PackagedFile[] = [[`${name}.ovf`, Buffer.from(describePackage(name, disks))], ...stored];
  if (algorithm === null) return files;
  const [descriptor, ...others] = files;
  const manifest: PackagedFile = [`${name}.mf`, Buffer.from(writeManifestLines(algorithm, files))];
  return descriptor === undefined ? [] : [descriptor, manifest, ...others];
}

function describePackage(name: string, disks: readonly PackagedDisk[]): string {
  const references = disks.flatMap(({ id, file }) =>
    file === null ? [] : [`    <File ovf:href="${file.name}" ovf:id="file-${id}" ovf:size="${file.bytes.length}"/>`],
  );
  const sections = disks.map(({ id, file, capacityBytes, parentId }) => {
    const ofFile = file === null ? '' : ` ovf:fileRef="file-${id}"`;
    const ofParent = parentId === undefined ? '' : ` ovf:parentRef="${parentId}"`;
    return `    <Disk ovf:capacity="${capacityBytes}" ovf:capacityAllocationUnits="byte" ovf:diskId="${id}"${ofFile}${ofParent}/>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<Envelope xmlns="${envelope}" xmlns:ovf="${envelope}">`,
    ...['  <References>', ...references, '  </References>'],
    ...['  <DiskSection>', '    <Info>Virtual disks</Info>', ...sections, '  </DiskSection>'],
    ...[`  <VirtualSystem ovf:id="${name}">`, '    <Info>A virtual machine</Info>', `    <Name>${name}</Name>`],
    ...['  </VirtualSystem>', '</Envelope>', ''],
  ].join('\n');
}

export function writeManifestLines(algorithm: 'sha1' | 'sha256' | 'sha512', files: readonly PackagedFile[]): string {
  const lines = files.map(([path, bytes]) => {
    const hex = createHash(algorithm).update(bytes).digest('hex');
    return `${algorithm.toUpperCase()}(${path})= ${hex}\n`;
  });
  return lines.join('');
}

const signer = [
  { name: 'commonName', value: 'test signer' },
  { name: 'organizationName', value: 'Tests' },
];

/** Signs a manifest with a new key, and returns the signature with a certificate that the key itself has signed. */
export async function writeCertificate([path, bytes]: PackagedFile, attributes = signer): Promise<Uint8Array> {
  const { private: key, cert } = await generate(attributes, { keySize: 2048, algorithm: 'sha256' });
  const hex = createSign('sha256').update(bytes).sign(key).toString('hex');
  return Buffer.from(`SHA256(${path})= ${hex}\n${cert}\n`);
}

/** Objects of a package with these files: each one, or an archive of all. */
export function storePackage(imagePath: string, files: readonly PackagedFile[]): Map<string, Uint8Array> {
  if (imagePath.endsWith('.ova')) return new Map([[imagePath, writeTar(files)]]);
  return new Map(files.map(([path, bytes]) => [`${imagePath}/${path}`, bytes]));
}

/** Writes a TAR archive as POSIX describes it. */
export function writeTar(files: readonly PackagedFile[]): Uint8Array {
  const members = files.flatMap(([path, bytes]) => [tarHeader(path, bytes.length, '0'), padded(bytes)]);
  return Buffer.concat([...members, new Uint8Array(1024)]);
}

/** The header of a member, with its checksum. */
export function tarHeader(path: string, bytes: number, type: string): Uint8Array {
  const header = Buffer.alloc(512);
  header.write(path, 0, 100);
  header.write('0000644\0' + '0000000\0' + '0000000\0', 100);
  header.write(`${bytes.toString(8).padStart(11, '0')}\0`, 124);
  header.write('15150664600\0', 136);
  header.write(type, 156);
  header.write('ustar\0' + '00', 257);
  return withTarChecksum(header);
}

/** The header with the checksum that it must have. */
export function withTarChecksum(header: Uint8Array): Uint8Array {
  const copy = Buffer.from(header);
  copy.fill(0x20, 148, 156);
  const sum = copy.reduce((total, byte) => total + byte, 0);
  copy.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return copy;
}

/** The data of a member, filled up to whole blocks. */
export function padded(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, new Uint8Array((512 - (bytes.length % 512)) % 512)]);
}

/** The grains that a small disk of a package stores, by their numbers; a delta disk hides one of its parent's. */
export function grainsOfDisk(seed: string, isDelta: boolean): ReadonlyMap<number, Uint8Array> {
  return new Map((isDelta ? [3, 5] : [0, 3]).map((grain) => [grain, seededBytes(`${seed} ${grain}`, grainBytes)]));
}

/** A small disk for a package, as VMware stores disks in packages. */
export function streamedDisk(seed: string, parent: number | null = null): { bytes: Uint8Array; contentId: number } {
  const contentId = createHash('sha256').update(seed).digest().readUInt32LE() >>> 1;
  const [file] = writeVmdk({
    ...{ folder: '', name: 'disk', kind: 'streamOptimized', extentGrains: [diskGrains], contentId },
    grains: grainsOfDisk(seed, parent !== null),
    parent: parent === null ? null : { name: 'base.vmdk', contentId: parent },
  }).objects;
  if (file === undefined) throw new TypeError('a disk has a file');
  return { bytes: file[1], contentId };
}

/** A package of a disk, another one that builds on it, and an empty one. */
export function planOfPackage(imagePath: string, changes: Partial<PackagePlan> = {}): PackagePlan {
  const base = streamedDisk(`base of ${imagePath}`);
  const delta = streamedDisk(`delta of ${imagePath}`, base.contentId);
  const disks: readonly PackagedDisk[] = [
    { id: 'base', file: { name: 'web-base.vmdk', bytes: base.bytes }, capacityBytes: diskBytes },
    { id: 'delta', file: { name: 'web-delta.vmdk', bytes: delta.bytes }, capacityBytes: diskBytes, parentId: 'base' },
    { id: 'empty', file: null, capacityBytes: diskBytes },
  ];
  return { imagePath, name: 'web', disks, algorithm: 'sha256', ...changes };
}

export function syncItemOfPackage(imagePath: string, bucketName: string): BackupSync {
  return {
    ...{ backup_id: `id of ${imagePath}`, backup_name: imagePath.replaceAll('/', ' ') },
    ...{ bucket_name: bucketName, image_path: imagePath },
    ...{ resource_id: 'machine-1', resource_name: 'web', resource_type: 'OS::VMware::Server' },
    created_at: Date.UTC(2026, 2, 1, 3) / 1000,
  };
}
