import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  type ChainManifestHeader,
  chainManifestFormat,
  chainManifestHashesName,
  chainManifestHeader,
  chainManifestName,
  chainManifestVersion,
} from '@backup-sync/contracts';
import { findObstacle, nameNewFile } from '../../name-new-file.ts';
import { hashBytes } from '../proof/hash-run.ts';
import { findFlatExtents } from './flat-extents.ts';
import { checkLengths, findImagePieces, type ImagePiece, ManifestCreationError } from './image-pieces.ts';
import { kindOfFile, LocalImage } from './local-image.ts';
import { ParentManifest } from './parent-manifest.ts';
import { describePieces, type HashSink, writeChangedRuns } from './stored-pieces.ts';
import type { ImageKind } from './whole-images.ts';

/** Input of {@link createManifest}. */
export type CreateManifestOptions = {
  /**
   * Directory of files that contain the whole current volume: one raw image, its pieces in the order of their names, or
   * one disk image.
   */
  readonly directory: string;
  /** Directory for the files to upload. */
  readonly output: string;
  readonly backup: { readonly id: string; readonly name: string; readonly createdAtMs?: number };
  /** The parent supplies absent fields. */
  readonly resource: { readonly id?: string; readonly name?: string; readonly type?: string };
  /** Bytes of a block. Default: the parent's, or 64 KiB for a full backup. */
  readonly blockBytes?: number;
  /** `path`: the parent's local `manifest.json`, with its block hashes next to it. The rest says where it is stored. */
  readonly parent?: { readonly path: string; readonly bucketName?: string; readonly imagePath?: string };
  readonly signal: AbortSignal;
};

export type CreatedManifest = {
  readonly header: ChainManifestHeader;
  readonly manifestPath: string;
  readonly blockHashesPath: string;
  readonly objectCount: number;
  /** Bytes of the volume that the objects contain. */
  readonly storedBytes: number;
};

const blockBytesDefault = 64 * 1024;
const noDigest = '0'.repeat(64);

/**
 * Creates the manifest and the block hashes of a backup, as local files. The objects of a full backup are the image
 * files themselves. Those of an increment, the blocks that differ from the parent's, are written to `output/data`. The
 * manifest is written last, and nothing is overwritten. Throws {@link ManifestCreationError}, and the signal's reason.
 */
export async function createManifest(options: CreateManifestOptions): Promise<CreatedManifest> {
  const { directory, output, signal } = options;
  await using parent = options.parent === undefined ? null : await ParentManifest.open(options.parent.path);
  if (parent !== null && resolve(output) === resolve(directory)) {
    throw new ManifestCreationError(
      `the output of an increment must not be the directory of its images, ${directory}: choose another directory`,
    );
  }
  const files = await findImagePieces(directory);
  const pieces = (await findFlatExtents(files)) ?? files;
  await using image = await openImage(pieces, options);
  const blockBytes = blockBytesOf(options, parent, image);
  checkLengths(pieces, blockBytes);
  const volumeBytes = image?.size ?? pieces.reduce((sum, { length }) => sum + length, 0);
  if (parent !== null && volumeBytes > parent.header.volume_size) {
    const message = `the volume has ${volumeBytes} bytes, more than the parent's ${parent.header.volume_size}`;
    throw new ManifestCreationError(`${message}: make a full backup of a volume that has grown`);
  }
  const newestAtMs = Math.max(...pieces.map(({ modifiedAtMs }) => modifiedAtMs));
  const header = makeHeader(options, parent, { blockBytes, volumeBytes, newestAtMs });
  await prepareOutput(output);
  const paths = { manifest: join(output, chainManifestName), hashes: join(output, chainManifestHashesName) };
  await using hashes = await HashFile.create(paths.hashes);
  const reading = { blockBytes, hashes, signal };
  const objects =
    image !== null
      ? [await image.describe(blockBytes, hashes)]
      : parent === null
        ? await describePieces(pieces, reading)
        : await writeChangedRuns(pieces, parent, output, reading);
  const sha256 = await hashes.finish();
  const finished = { ...header, block_hashes: { ...header.block_hashes, sha256 } };
  await writeManifest(paths.manifest, finished, objects);
  return {
    header: finished,
    manifestPath: paths.manifest,
    blockHashesPath: paths.hashes,
    objectCount: objects.length,
    storedBytes: objects.reduce((sum, { length }) => sum + length, 0),
  };
}

/** Opens the image if the directory has a disk image, which must then be the only file. Null for raw images. */
async function openImage(
  pieces: readonly ImagePiece[],
  { directory, parent, signal }: CreateManifestOptions,
): Promise<LocalImage | null> {
  let found: { readonly piece: ImagePiece; readonly kind: ImageKind } | null = null;
  for (const piece of pieces) {
    const kind = await kindOfFile(piece.path);
    if (kind !== null) found ??= { piece, kind };
  }
  if (found === null) return null;
  const { path } = found.piece;
  if (pieces.length > 1) {
    throw new ManifestCreationError(
      `${path} is a ${found.kind} image: ${directory} must contain one image, and no other file`,
    );
  }
  if (parent !== undefined) {
    const hint = 'make a full backup, or write it as a raw image first, with "qemu-img convert -O raw"';
    throw new ManifestCreationError(`${path} is a ${found.kind} image, which cannot be an increment: ${hint}`);
  }
  return await LocalImage.open(found, signal);
}

function blockBytesOf(
  { blockBytes }: CreateManifestOptions,
  parent: ParentManifest | null,
  image: LocalImage | null,
): number {
  if (image !== null) {
    const chosen = blockBytes ?? Math.min(blockBytesDefault, image.alignment);
    if (image.alignment % chosen === 0) return chosen;
    throw new ManifestCreationError(
      `the block size is ${chosen}, but must divide ${image.alignment}, the unit of the image: omit the block size`,
    );
  }
  const ofParent = parent?.header.block_size;
  if (blockBytes !== undefined && ofParent !== undefined && blockBytes !== ofParent) {
    throw new ManifestCreationError(
      `the block size is ${blockBytes}, but the parent has blocks of ${ofParent} bytes: omit the block size`,
    );
  }
  return blockBytes ?? ofParent ?? blockBytesDefault;
}

type Volume = { readonly blockBytes: number; readonly volumeBytes: number; readonly newestAtMs: number };

/** Builds and checks the header before anything is read. Only the digest of the block hashes is a placeholder. */
function makeHeader(
  { backup, resource, parent: options }: CreateManifestOptions,
  parent: ParentManifest | null,
  { blockBytes, volumeBytes, newestAtMs }: Volume,
): ChainManifestHeader {
  const ofParent = parent?.header.resource;
  const id = resource.id ?? ofParent?.id;
  if (id === undefined)
    throw new ManifestCreationError('a full backup needs the id of its resource: name the resource');
  if (ofParent !== undefined && id !== ofParent.id) {
    throw new ManifestCreationError(`the parent is a backup of ${ofParent.id}, not of ${id}`);
  }
  const parsed = chainManifestHeader.safeParse({
    format: chainManifestFormat,
    version: chainManifestVersion,
    backup: {
      id: backup.id,
      name: backup.name,
      created_at: new Date(backup.createdAtMs ?? newestAtMs).toISOString(),
    },
    resource: { id, name: resource.name ?? ofParent?.name ?? id, type: resource.type ?? ofParent?.type },
    parent:
      parent === null
        ? null
        : {
            backup_id: parent.header.backup.id,
            ...(options?.bucketName !== undefined && { bucket_name: options.bucketName }),
            ...(options?.imagePath !== undefined && { image_path: options.imagePath }),
          },
    volume_size: volumeBytes,
    block_size: blockBytes,
    block_hashes: {
      key: chainManifestHashesName,
      size: Math.ceil(volumeBytes / blockBytes) * hashBytes,
      sha256: noDigest,
    },
  });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  throw new ManifestCreationError(problems.join('; '));
}

async function prepareOutput(output: string): Promise<void> {
  await mkdir(output, { recursive: true });
  for (const name of [chainManifestName, chainManifestHashesName, 'data']) {
    const path = join(output, name);
    if ((await findObstacle(path, false)) !== null)
      throw new ManifestCreationError(`${path} already exists: remove it, or choose another output directory`);
  }
}

/** `block-hashes.bin` while it is written. Disposing of it removes an unfinished file. */
class HashFile implements HashSink, AsyncDisposable {
  readonly #path: string;
  readonly #file: Awaited<ReturnType<typeof open>>;
  readonly #digest = createHash('sha256');
  #pending: Uint8Array[] = [];
  #isFinished = false;

  private constructor(path: string, file: Awaited<ReturnType<typeof open>>) {
    this.#path = path;
    this.#file = file;
  }

  static async create(path: string): Promise<HashFile> {
    return new HashFile(path, await open(path, 'wx'));
  }

  async add(hash: Uint8Array): Promise<void> {
    this.#pending.push(hash);
    if (this.#pending.length === 2048) await this.#flush();
  }

  /** Writes the rest, syncs the file to disk and returns its SHA-256, hex. */
  async finish(): Promise<string> {
    await this.#flush();
    await this.#file.sync();
    this.#isFinished = true;
    return this.#digest.digest('hex');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
    if (!this.#isFinished) await rm(this.#path);
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#digest.update(bytes);
    await this.#file.writeFile(bytes);
  }
}

/** Writes under another name first, so that a manifest that exists is always complete. */
async function writeManifest(path: string, header: ChainManifestHeader, objects: readonly object[]): Promise<void> {
  const partial = `${path}.partial`;
  {
    await using file = await open(partial, 'w');
    await file.writeFile(`${JSON.stringify(header, null, 2).slice(0, -2)},\n  "objects": [`);
    for (const [index, object] of objects.entries()) {
      await file.writeFile(`${index === 0 ? '' : ','}\n    ${JSON.stringify(object)}`);
    }
    await file.writeFile(`${objects.length === 0 ? '' : '\n  '}]\n}\n`);
    await file.sync();
  }
  await nameNewFile(partial, path);
}
