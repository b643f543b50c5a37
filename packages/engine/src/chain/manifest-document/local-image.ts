import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { ChainManifestObject } from '@backup-sync/contracts';
import { openFilesystemStorageUnit } from '../../storage/filesystem/filesystem-storage-unit.ts';
import type { StorageUnit } from '../../storage/port.ts';
import { BlockHasher } from '../content/block-hasher.ts';
import type { VolumeLink } from '../data.ts';
import type { WholeImage } from '../disk-image/whole-image.ts';
import { ReadFault } from '../proof/read-fault.ts';
import { replayChain } from '../replay/replay-chain.ts';
import { type ImagePiece, ManifestCreationError, readBlocks } from './image-pieces.ts';
import type { HashSink } from './stored-pieces.ts';
import { type ImageKind, imageKindOf, openImageOf } from './whole-images.ts';

/** A file that is a disk image. */
type LocalFile = { readonly piece: ImagePiece; readonly kind: ImageKind };

/** Bytes that are hashed at once. */
const readBytes = 1024 * 1024;

/** The kind of image that a local file is by its first bytes; null if it is none. */
export async function kindOfFile(path: string): Promise<ImageKind | null> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(new Uint8Array(4), 0, 4, 0);
  return imageKindOf(buffer.subarray(0, bytesRead));
}

/** A local disk image, whose disk is the volume of a backup. */
export class LocalImage implements AsyncDisposable {
  readonly #piece: ImagePiece;
  readonly #storage: StorageUnit;
  readonly #signal: AbortSignal;
  readonly #kind: ImageKind;
  readonly #image: WholeImage;

  private constructor({ piece, kind }: LocalFile, storage: StorageUnit, signal: AbortSignal, image: WholeImage) {
    this.#piece = piece;
    this.#kind = kind;
    this.#storage = storage;
    this.#signal = signal;
    this.#image = image;
  }

  /** Throws {@link ManifestCreationError} if the image cannot be read, or needs another file. */
  static async open(file: LocalFile, signal: AbortSignal): Promise<LocalImage> {
    const { piece, kind } = file;
    const directory = dirname(resolve(piece.path));
    const storage = await openFilesystemStorageUnit({ id: 'local', directory: dirname(directory) });
    const [bucket, key] = [basename(directory), piece.name];
    try {
      const entry = { key, archived: false, ...(await storage.head({ bucket, key, signal })) };
      const context = { storage, bucketName: bucket, signal, nowMs: () => Number.POSITIVE_INFINITY };
      return new LocalImage(file, storage, signal, await openImageOf(kind, context, entry));
    } catch (error) {
      await storage[Symbol.asyncDispose]();
      throw creationError(error, kind);
    }
  }

  /** Bytes of the disk. */
  get size(): number {
    return this.#image.size;
  }

  /** A block must not have more bytes than this, and must divide it: the smallest unit that the image stores. */
  get alignment(): number {
    return this.#image.alignment;
  }

  /** Hashes the disk by blocks, and describes the image as the one object of a backup. */
  async describe(blockBytes: number, hashes: HashSink): Promise<ChainManifestObject> {
    const { name: key, length: stored_size } = this.#piece;
    const sha256 = await this.#hashDisk(blockBytes, hashes);
    const md5 = createHash('md5');
    for await (const bytes of readBlocks(this.#piece, readBytes, this.#signal)) md5.update(bytes);
    return {
      key,
      offset: 0,
      length: this.size,
      stored_size,
      compression: this.#kind,
      sha256,
      stored_md5: md5.digest('hex'),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#storage[Symbol.asyncDispose]();
  }

  async #hashDisk(blockBytes: number, hashes: HashSink): Promise<string> {
    const made: Uint8Array[] = [];
    const hasher = new BlockHasher(blockBytes, (sha256) => made.push(sha256));
    const pass = async () => {
      for (const sha256 of made.splice(0)) await hashes.add(sha256);
    };
    const sink = {
      write: async (bytes: Uint8Array) => {
        hasher.add(bytes);
        await pass();
      },
    };
    const options = { storage: this.#storage, opening: null, sink, signal: this.#signal };
    const replay = await replayChain({ links: [this.#link()], holesAreZeros: true }, options);
    if (replay.fault !== null) throw new ManifestCreationError(replay.fault.detail);
    hasher.finish();
    await pass();
    return replay.sha256;
  }

  #link(): VolumeLink {
    const [storage, signal, image] = [this.#storage, this.#signal, this.#image];
    const bucketName = basename(dirname(resolve(this.#piece.path)));
    return {
      backupId: this.#piece.name,
      location: { storageUnitId: storage.id, bucketName, imagePath: this.#piece.name },
      objects: () => image.objects({ storage, bucketName, signal, nowMs: () => Number.POSITIVE_INFINITY }),
      blocks: null,
      volumeBytes: this.size,
    };
  }
}

function creationError(error: unknown, kind: ImageKind): unknown {
  if (!(error instanceof ReadFault)) return error;
  const hint = `write it as one whole image first, with "qemu-img convert -O ${kind}"`;
  return new ManifestCreationError(`${error.fault.detail}: ${hint}`);
}
