import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { ChainManifestObject } from '@backup-sync/contracts';
import { openFilesystemStorageUnit } from '../../storage/filesystem/filesystem-storage-unit.ts';
import type { StorageUnit } from '../../storage/port.ts';
import { BlockHasher } from '../content/block-hasher.ts';
import type { VolumeLink } from '../data.ts';
import { ReadFault } from '../proof/read-fault.ts';
import { beginsAsQcow2 } from '../qcow2/header.ts';
import type { Qcow2Image } from '../qcow2/tables.ts';
import { alignmentOf, objectsOfImage, openWholeImage } from '../qcow2/whole-image.ts';
import { replayChain } from '../replay/replay-chain.ts';
import { type ImagePiece, ManifestCreationError, readBlocks } from './image-pieces.ts';
import type { HashSink } from './stored-pieces.ts';

/** Bytes that are hashed at once. */
const readBytes = 1024 * 1024;

/** Whether a local file begins as a qcow2 image does. */
export async function isQcow2File(path: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(new Uint8Array(4), 0, 4, 0);
  return beginsAsQcow2(buffer.subarray(0, bytesRead));
}

/** A local qcow2 image, whose disk is the volume of a backup. */
export class LocalImage implements AsyncDisposable {
  readonly #piece: ImagePiece;
  readonly #storage: StorageUnit;
  readonly #signal: AbortSignal;
  readonly #image: Qcow2Image;

  private constructor(piece: ImagePiece, storage: StorageUnit, signal: AbortSignal, image: Qcow2Image) {
    this.#piece = piece;
    this.#storage = storage;
    this.#signal = signal;
    this.#image = image;
  }

  /** Throws {@link ManifestCreationError} if the image cannot be read, or needs another file. */
  static async open(piece: ImagePiece, signal: AbortSignal): Promise<LocalImage> {
    const directory = dirname(resolve(piece.path));
    const storage = await openFilesystemStorageUnit({ id: 'local', directory: dirname(directory) });
    const [bucket, key] = [basename(directory), piece.name];
    try {
      const entry = { key, archived: false, ...(await storage.head({ bucket, key, signal })) };
      const context = { storage, bucketName: bucket, signal, nowMs: () => Number.POSITIVE_INFINITY };
      return new LocalImage(piece, storage, signal, await openWholeImage(context, entry));
    } catch (error) {
      await storage[Symbol.asyncDispose]();
      throw creationError(error);
    }
  }

  /** Bytes of the disk. */
  get size(): number {
    return this.#image.header.size;
  }

  /** A block must not have more bytes than this, and must divide it: the smallest unit that the image stores. */
  get alignment(): number {
    return alignmentOf(this.#image);
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
      compression: 'qcow2',
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
      objects: () => objectsOfImage({ storage, bucketName, signal, nowMs: () => Number.POSITIVE_INFINITY }, image),
      blocks: null,
      volumeBytes: this.size,
    };
  }
}

function creationError(error: unknown): unknown {
  if (!(error instanceof ReadFault)) return error;
  const hint = 'write it as one whole image first, with "qemu-img convert -O qcow2"';
  return new ManifestCreationError(`${error.fault.detail}: ${hint}`);
}
