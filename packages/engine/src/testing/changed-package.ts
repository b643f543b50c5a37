import { examineBackups } from './examine-backups.ts';
import { openMemoryStorageUnit } from './memory-storage-unit.ts';
import {
  filesOfPackage,
  type PackagedFile,
  planOfPackage,
  storePackage,
  syncItemOfPackage,
  writeCertificate,
  writeManifestLines,
} from './ovf-writer.ts';
import { proveAllLevels } from './prove-all-levels.ts';

const bucketName = 'backups';
/** Image paths at which changed packages are stored. */
export const folder = 'exports/web-1';
export const archive = 'templates/web.ova';

export type Files = readonly PackagedFile[];

const plan = planOfPackage(folder);
/** A package with a manifest, without one, and with a signed one. */
export const whole = filesOfPackage(plan);
export const plain = filesOfPackage({ ...plan, algorithm: null });
export const manifest: PackagedFile = whole.find(([path]) => path === 'web.mf') ?? ['', new Uint8Array()];
export const signed: Files = [...whole, ['web.cert', await writeCertificate(manifest)]];

const unitWith = (objects: Iterable<readonly [string, Uint8Array]>) =>
  openMemoryStorageUnit(new Map([[bucketName, new Map(objects)]]));

export async function provePackage(files: Files, imagePath = folder) {
  const storage = unitWith(storePackage(imagePath, files));
  const { foundBy, code, level } = await proveAllLevels(storage, syncItemOfPackage(imagePath, bucketName));
  return foundBy === null ? `whole, ${level}` : `${foundBy}: ${code}`;
}

export async function examinePackage(files: Files, imagePath = folder, nowMs = Date.UTC(2026, 10, 23)) {
  const storage = unitWith(storePackage(imagePath, files));
  const item = syncItemOfPackage(imagePath, bucketName);
  const [examination] = await examineBackups(storage, [item], { nowMs: () => nowMs });
  return examination ?? null;
}

/** The files with one of them changed; without it if the change returns null. */
export function change(files: Files, path: string, how: (bytes: Buffer) => Uint8Array | null): Files {
  return files.flatMap((file): Files => {
    if (file[0] !== path) return [file];
    const bytes = how(Buffer.from(file[1]));
    return bytes === null ? [] : [[path, bytes]];
  });
}

/** The files with a descriptor that was changed before the manifest was made. */
export function describedAs(how: (text: string) => string, files: Files = plain): Files {
  return change(files, 'web.ovf', (bytes) => Buffer.from(how(bytes.toString())));
}

export function withManifest(
  files: Files,
  algorithm: 'sha1' | 'sha256' | 'sha512' = 'sha256',
  of: Files = files,
): Files {
  return [...files, ['web.mf', Buffer.from(writeManifestLines(algorithm, of))]];
}

/** As early writers describe a package: only the envelope and the attributes have the namespace. */
export const unqualified = (all: string) =>
  all.replace(/<Envelope xmlns="[^"]*"/, '<ovf:Envelope').replace('</Envelope>', '</ovf:Envelope>');

export const flip = (at: number) => (bytes: Buffer) => {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
};
export const gone = () => null;
export const cut = (bytes: Buffer) => bytes.subarray(0, -1);
export const text = (how: (text: string) => string) => (bytes: Buffer) => Buffer.from(how(bytes.toString()));
