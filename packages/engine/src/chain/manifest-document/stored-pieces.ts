import { Buffer } from 'node:buffer';
import { createHash, type Hash, hash } from 'node:crypto';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChainManifestObject } from '@backup-sync/contracts';
import { type ImagePiece, readBlocks } from './image-pieces.ts';
import type { ParentManifest } from './parent-manifest.ts';

/** Maximum number of bytes in an object of an increment. */
const objectBytesMax = 64 * 1024 * 1024;
const folder = 'data';

/** Receives the SHA-256 of each block of the volume, in order. */
export type HashSink = { add(hash: Uint8Array): Promise<void> };

type Reading = { readonly blockBytes: number; readonly hashes: HashSink; readonly signal: AbortSignal };

/** Describes the pieces of a full backup: each file is one object. */
export async function describePieces(
  pieces: readonly ImagePiece[],
  { blockBytes, hashes, signal }: Reading,
): Promise<ChainManifestObject[]> {
  const objects: ChainManifestObject[] = [];
  for (const piece of pieces) {
    const digests = new PlainDigests();
    for await (const block of readBlocks(piece, blockBytes, signal)) {
      digests.update(block);
      await hashes.add(hash('sha256', block, 'buffer'));
    }
    objects.push({ key: piece.name, offset: piece.offset, ...digests.finish() });
  }
  return objects;
}

/** Writes the runs of blocks that differ from the parent's to `output`, as objects of limited size. */
export async function writeChangedRuns(
  pieces: readonly ImagePiece[],
  parent: ParentManifest,
  output: string,
  { blockBytes, hashes, signal }: Reading,
): Promise<ChainManifestObject[]> {
  const objects: ChainManifestObject[] = [];
  let run: ChangedRun | null = null;
  const endRun = async () => {
    if (run !== null) objects.push(await run.finish());
    run = null;
  };
  try {
    let block = 0;
    for (const piece of pieces) {
      for await (const bytes of readBlocks(piece, blockBytes, signal)) {
        const digest = hash('sha256', bytes, 'buffer');
        await hashes.add(digest);
        const isChanged = Buffer.compare(digest, await parent.hashOf(block)) !== 0;
        if (!isChanged || (run !== null && run.length + bytes.length > objectBytesMax)) await endRun();
        if (isChanged) {
          run ??= await ChangedRun.begin(output, objects.length + 1, block * blockBytes);
          await run.append(bytes);
        }
        block += 1;
      }
    }
    await endRun();
    return objects;
  } finally {
    await run?.close();
  }
}

/** One object of an increment while it is written. */
class ChangedRun {
  readonly #file: FileHandle;
  readonly #key: string;
  readonly #offset: number;
  readonly #digests = new PlainDigests();

  private constructor(file: FileHandle, key: string, offset: number) {
    this.#file = file;
    this.#key = key;
    this.#offset = offset;
  }

  static async begin(output: string, number: number, offset: number): Promise<ChangedRun> {
    await mkdir(join(output, folder), { recursive: true });
    const key = `${folder}/${String(number).padStart(6, '0')}`;
    return new ChangedRun(await open(join(output, key), 'wx'), key, offset);
  }

  get length(): number {
    return this.#digests.length;
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#digests.update(bytes);
    await this.#file.writeFile(bytes);
  }

  async finish(): Promise<ChainManifestObject> {
    await this.#file.sync();
    await this.close();
    return { key: this.#key, offset: this.#offset, ...this.#digests.finish() };
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Computes the manifest's fields of an uncompressed object. */
class PlainDigests {
  length = 0;
  readonly #sha256: Hash = createHash('sha256');
  readonly #md5: Hash = createHash('md5');

  update(bytes: Uint8Array): void {
    this.length += bytes.length;
    this.#sha256.update(bytes);
    this.#md5.update(bytes);
  }

  finish(): Pick<ChainManifestObject, 'length' | 'stored_size' | 'compression' | 'sha256' | 'stored_md5'> {
    const { length } = this;
    const [sha256, md5] = [this.#sha256.digest('hex'), this.#md5.digest('hex')];
    return { length, stored_size: length, compression: 'none', sha256, stored_md5: md5 };
  }
}
