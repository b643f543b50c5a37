import { createHash } from 'node:crypto';
import { quote } from '../../../quote.ts';
import type { Digest } from '../../data.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { isYoung } from '../../proof/young-metadata.ts';
import { certificateBytesMax, checkSignature, type Signer } from './certificate.ts';
import type { DescribedFile, Descriptor } from './descriptor.ts';
import { type Manifest, manifestBytesMax, parseDigestLine, readManifestLines } from './manifest-lines.ts';
import { stemOfDescriptor } from './ovf-path.ts';
import { chunkPath, isOnServer, storedPath, storedPaths } from './package-names.ts';
import { descriptorBytesMax, readDescriptor } from './read-descriptor.ts';
import type { StoredFile, StoredFiles } from './stored-package.ts';

/** A file that a package needs, or a part of one. */
export type PackageFile = {
  /** Relative to the descriptor. */
  readonly path: string;
  /** Null if nothing is stored there. */
  readonly stored: StoredFile | null;
  /** Number of bytes that the descriptor tells; null if it does not. */
  readonly bytes: number | null;
  /** Digest of the stored bytes; null if the manifest has none, or if there is no manifest. */
  readonly digest: Digest | null;
  /** The file as the descriptor references it; null for the descriptor itself, and for what only the manifest names. */
  readonly file: DescribedFile | null;
};

/** A package whose descriptor and manifest were read. */
export type OvfPackage = {
  /** The name of its descriptor without the suffix. */
  readonly name: string;
  readonly descriptor: Descriptor;
  /** By their paths: the descriptor first, then the files in the order of its references. */
  readonly files: ReadonlyMap<string, PackageFile>;
  /** The files by their ids in the descriptor: the first part of one in parts. */
  readonly filesById: ReadonlyMap<string, PackageFile>;
  /** Paths of the manifest and the certificate, if they are there. */
  readonly documents: readonly string[];
  /** Names of referenced files that are on a web server, not in the package. */
  readonly elsewhere: readonly string[];
  /** SHA-256, hex, of the descriptor. */
  readonly descriptorDigest: string;
  readonly hasManifest: boolean;
  /** Who signed the manifest; null if there is no signature, or one that is not checked. */
  readonly signer: Signer | null;
  readonly remarks: readonly string[];
};

/** A manifest or a certificate. */
type Document = { readonly path: string; readonly bytes: Uint8Array };

/** Maximum number of manifests of other names that are read. */
const otherDocumentsMax = 10;
/** Maximum number of files of all packages in one place, and of the parts of one file. */
export const filesMax = 100_000 + 100;

/** What the descriptor, manifest and certificate of a package say. */
export type PackageDocuments = Pick<
  OvfPackage,
  'name' | 'descriptor' | 'documents' | 'descriptorDigest' | 'signer' | 'remarks'
> & {
  readonly descriptorPath: string;
  /** The digests that the descriptor has, in hex. */
  readonly hashes: Readonly<Record<Digest['algorithm'], string>>;
  readonly manifestPath: string | null;
  readonly manifest: Manifest | null;
};

/** Reads the descriptor, manifest and certificate of a package. Throws `ReadFault` if they make no sense, and storage errors. */
export async function readDocuments(
  stored: StoredFiles,
  descriptorPath: string,
  nowMs: number,
): Promise<PackageDocuments> {
  const name = stemOfDescriptor(descriptorPath) ?? descriptorPath;
  const [descriptorBytes, descriptor] = await readDescriptorOf(stored, descriptorPath, nowMs);
  const manifestDocument = await findManifest(stored, name, descriptorPath, descriptor);
  const manifestPath = manifestDocument?.path ?? null;
  const certificate = await findCertificate(stored, name, manifestPath);
  const remarks: string[] = [];
  if (manifestDocument === null && certificate !== null) {
    throw fault('object_missing', `${name}.mf, which ${certificate.path} signs`);
  }
  const manifest = manifestDocument === null ? null : parseManifest(manifestDocument);
  let signer: Signer | null = null;
  if (certificate !== null && manifestDocument !== null) {
    const signature = await checkSignature(certificate.bytes, manifestDocument.bytes);
    if ('detail' in signature) {
      const code = signature.kind === 'wrong' ? 'content_mismatch' : 'metadata_unreadable';
      throw fault(code, `${certificate.path}: ${signature.detail}`);
    }
    if (signature.kind === 'holds') signer = signature.signer;
    if (signature.remark !== null) remarks.push(signature.remark);
  }
  const hashOf = (algorithm: string) => createHash(algorithm).update(descriptorBytes).digest('hex');
  const hashes = { md5: hashOf('md5'), sha1: hashOf('sha1'), sha256: hashOf('sha256'), sha512: hashOf('sha512') };
  const documents = [manifestPath, certificate?.path ?? null].filter((path) => path !== null);
  return {
    ...{ name, descriptorPath, descriptor, hashes, descriptorDigest: hashes.sha256 },
    ...{ manifestPath, manifest, documents, signer, remarks },
  };
}

/** All paths at which a file of a package may be stored. Those of files in parts are without the number of the part. */
export function* pathsNamedIn({ descriptor, manifest }: PackageDocuments): Generator<string> {
  for (const { href } of descriptor.files) yield* storedPaths(href);
  for (const name of manifest?.digests.keys() ?? []) yield* storedPaths(name);
}

/** Compares the documents of a package with each other, and finds its files. Throws `ReadFault`. */
export function assemblePackage(stored: StoredFiles, read: PackageDocuments): OvfPackage {
  const { descriptorPath, descriptor, manifestPath, manifest, hashes, ...common } = read;
  const remarks = [...read.remarks];
  const isStored = (path: string) => stored.files.has(path);
  const named = manifest === null ? null : byPath(manifest, isStored);
  const own = ownFile(stored, descriptorPath, named);
  const files = new Map([[own.path, own]]);
  const filesById = new Map<string, PackageFile>();
  /** Paths of chunked files, at which nothing is stored. */
  const wholes = new Set<string>();
  const elsewhere = new Set<string>();
  for (const file of descriptor.files) {
    if (isOnServer(file.href) && !isStored(file.href)) {
      elsewhere.add(file.href);
      continue;
    }
    const parts = filesOf(stored, descriptorPath, file, named);
    for (const part of parts) if (!files.has(part.path)) files.set(part.path, part);
    const [first] = parts;
    if (first !== undefined) filesById.set(file.id, first);
    if (file.chunkBytes !== null) wholes.add(wholeOf(first?.path ?? ''));
    if (files.size > filesMax) throw fault('metadata_unreadable', `${descriptorPath} has more than ${filesMax} files`);
  }
  if (named !== null) {
    compareWithManifest(manifestPath ?? '', files.values(), named);
    if (own.digest === null) remarks.push(`${manifestPath} has no digest of ${descriptorPath}`);
    compareDescriptor(manifestPath ?? '', own, hashes);
    for (const [path, digest] of named.digests) {
      // Some writers add files that the descriptor does not reference. They are proved like all others.
      if (files.has(path) || wholes.has(path) || elsewhere.has(path)) continue;
      files.set(path, { path, stored: stored.files.get(path) ?? null, bytes: null, digest, file: null });
    }
  }
  const hasManifest = manifest !== null;
  return { ...common, descriptor, files, filesById, elsewhere: [...elsewhere], hasManifest, remarks };
}

async function readDescriptorOf(
  stored: StoredFiles,
  path: string,
  nowMs: number,
): Promise<readonly [Uint8Array, Descriptor]> {
  const bytes = await readOf(stored, path, descriptorBytesMax);
  const reading = await readDescriptor(path, bytes);
  if (reading.kind === 'read') return [bytes, reading.descriptor];
  const entry = stored.files.get(path)?.entry;
  const isBeingWritten = reading.truncated && entry !== undefined && isYoung(entry, nowMs);
  throw new ReadFault(isBeingWritten ? { ...reading.fault, code: 'incomplete' } : reading.fault, false);
}

async function readOf(stored: StoredFiles, path: string, most: number): Promise<Uint8Array> {
  const file = stored.files.get(path);
  return file === undefined ? new Uint8Array() : await stored.read(path, file, most);
}

function parseManifest({ path, bytes }: Document): Manifest {
  const reading = readManifestLines(bytes);
  if (reading.kind === 'read') return reading;
  throw fault('metadata_unreadable', `${path}: ${reading.detail}`);
}

async function findManifest(
  stored: StoredFiles,
  name: string,
  descriptorPath: string,
  { files }: Descriptor,
): Promise<Document | null> {
  const own = new Set([descriptorPath, ...files.flatMap(({ href }) => storedPaths(href))]);
  return await findDocument(stored, `${name}.mf`, manifestBytesMax, (named) =>
    storedPaths(named).some((path) => own.has(path)),
  );
}

async function findCertificate(stored: StoredFiles, name: string, manifestPath: string | null) {
  const signed = (manifestPath ?? `${name}.mf`).toLowerCase();
  return await findDocument(stored, `${name}.cert`, certificateBytesMax, (named) => named.toLowerCase() === signed);
}

/**
 * The file next to the descriptor with this name or, for a single package, another one with this suffix that names what
 * it is about. Files of other software have the same suffixes.
 */
async function findDocument(
  stored: StoredFiles,
  name: string,
  bytesMax: number,
  isAbout: (named: string) => boolean,
): Promise<Document | null> {
  const path = stored.documents.get(name.toLowerCase());
  if (path !== undefined) return { path, bytes: await readOf(stored, path, bytesMax) };
  if (stored.descriptors.length > 1) return null;
  const suffix = name.slice(name.lastIndexOf('.'));
  const others = [...stored.documents.values()].filter((each) => each.toLowerCase().endsWith(suffix));
  for (const other of others.slice(0, otherDocumentsMax)) {
    if ((stored.files.get(other)?.bytes ?? 0) > bytesMax) continue;
    const bytes = await readOf(stored, other, bytesMax);
    const lines = Buffer.from(bytes)
      .toString()
      .split(/[\r\n]+/);
    const named = lines.map((line) => parseDigestLine(line)?.name ?? null);
    if (named.some((each) => each !== null && isAbout(each))) return { path: other, bytes };
  }
  return null;
}

/** A manifest by the paths at which its files are stored. */
function byPath({ digests, unknown }: Manifest, isStored: (path: string) => boolean): Manifest {
  const pathOf = (name: string) => storedPath(name, isStored) ?? name;
  return {
    digests: new Map([...digests].map(([name, digest]) => [pathOf(name), digest])),
    unknown: new Set([...unknown].map(pathOf)),
  };
}

function ownFile(stored: StoredFiles, path: string, named: Manifest | null): PackageFile {
  const digest = named?.digests.get(path) ?? null;
  return { path, stored: stored.files.get(path) ?? null, bytes: null, digest, file: null };
}

/** A file, or its parts if it is chunked. */
function filesOf(
  stored: StoredFiles,
  descriptorPath: string,
  file: DescribedFile,
  named: Manifest | null,
): readonly PackageFile[] {
  const isStored = (path: string) => stored.files.has(path);
  const isChunked = file.chunkBytes !== null;
  const path = storedPath(file.href, isChunked ? (each) => isStored(chunkPath(each, 0)) : isStored);
  if (path === null) {
    throw fault('object_missing', `${descriptorPath} references ${quote(file.href)}, which is outside of the package`);
  }
  const at = (each: string, bytes: number | null): PackageFile => ({
    path: each,
    stored: stored.files.get(each) ?? null,
    bytes,
    digest: named?.digests.get(each) ?? null,
    file,
  });
  if (file.chunkBytes === null) return [at(path, file.bytes)];
  // The size of a compressed file may be the one before compression. Then it does not say how many parts there are.
  const needed = file.isCompressed ? 1 : Math.ceil((file.bytes ?? 1) / file.chunkBytes);
  if (needed > filesMax) throw fault('metadata_unreadable', `${descriptorPath} has more than ${filesMax} files`);
  const count = countChunks(Math.max(1, needed), (index) => {
    const part = chunkPath(path, index);
    return isStored(part) || (named?.digests.has(part) ?? false);
  });
  const parts = Array.from({ length: count }, (_, index) => at(chunkPath(path, index), file.chunkBytes));
  const last = parts.pop();
  return last === undefined ? parts : [...parts, { ...last, bytes: bytesOfLast(file, parts, last) }];
}

/** As many parts as the size needs or, if more are stored or in the manifest, these: the size may be wrong. */
function countChunks(needed: number, isThere: (index: number) => boolean): number {
  let count = needed;
  while (count <= filesMax && isThere(count)) count += 1;
  return count;
}

/** Null if the descriptor does not say, or if it has the size before compression. */
function bytesOfLast(
  { bytes, chunkBytes, isCompressed }: DescribedFile,
  before: readonly PackageFile[],
  { stored }: PackageFile,
): number | null {
  if (bytes === null) return null;
  const left = bytes - before.length * (chunkBytes ?? 0);
  return isCompressed && stored?.bytes !== left ? null : left;
}

/** A manifest must have a digest of each file. The one of a chunked file as a whole is left out: its parts are objects. */
function compareWithManifest(manifestPath: string, files: Iterable<PackageFile>, named: Manifest): void {
  for (const { path, digest, file } of files) {
    if (file === null || digest !== null || named.unknown.has(path)) continue;
    if (file.chunkBytes !== null && named.digests.has(wholeOf(path))) continue;
    throw fault(
      'metadata_unreadable',
      `${manifestPath} has no digest of ${quote(path)}, which the descriptor references`,
    );
  }
}

/** The path of a chunked file, by that of one of its parts. */
function wholeOf(path: string): string {
  return path.slice(0, -chunkPath('', 0).length);
}

function compareDescriptor(
  manifestPath: string,
  { path, digest }: PackageFile,
  hashes: PackageDocuments['hashes'],
): void {
  if (digest === null) return;
  if (hashes[digest.algorithm] === digest.hex.toLowerCase()) return;
  throw fault('content_mismatch', `${path} does not have the digest that ${manifestPath} has`);
}

function fault(code: 'metadata_unreadable' | 'object_missing' | 'content_mismatch', detail: string): ReadFault {
  return new ReadFault({ code, detail }, false);
}
