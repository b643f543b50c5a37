import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ChainManifestHeader, chainManifestHashesName } from '@backup-sync/contracts';
import { hashBytes } from '../proof/hash-run.ts';
import { ManifestCreationError, readFully } from './image-pieces.ts';
import { readManifest } from './read-manifest.ts';

/** Hashes read at once. */
const batchHashes = 4096;

/** The manifest of an increment's parent, with its block hashes. */
export class ParentManifest implements AsyncDisposable {
  readonly header: ChainManifestHeader;
  readonly #file: FileHandle;
  readonly #path: string;
  #batch = new Uint8Array();
  #firstBlock = 0;

  private constructor(header: ChainManifestHeader, file: FileHandle, path: string) {
    this.header = header;
    this.#file = file;
    this.#path = path;
  }

  /** Reads the manifest and checks that the block hashes next to it match. Throws {@link ManifestCreationError}. */
  static async open(path: string): Promise<ParentManifest> {
    const hashesPath = join(dirname(path), chainManifestHashesName);
    try {
      const reading = await readManifest(createReadStream(path));
      if (reading.kind === 'unreadable') throw new ManifestCreationError(`${path}: ${reading.detail}`);
      const { header } = reading.manifest;
      const digest = createHash('sha256');
      for await (const piece of createReadStream(hashesPath)) digest.update(piece);
      if (digest.digest('hex') !== header.block_hashes.sha256) {
        throw new ManifestCreationError(`${hashesPath} does not match the SHA-256 of the block hashes in ${path}`);
      }
      return new ParentManifest(header, await open(hashesPath), hashesPath);
    } catch (error) {
      if (error instanceof ManifestCreationError || !(error instanceof Error)) throw error;
      throw new ManifestCreationError(`the parent cannot be read: ${error.message}`);
    }
  }

  /** SHA-256 of a block of the parent, 32 bytes. Call in rising order of blocks. */
  async hashOf(block: number): Promise<Uint8Array> {
    let at = (block - this.#firstBlock) * hashBytes;
    if (at >= this.#batch.length) {
      const position = block * hashBytes;
      const left = this.header.block_hashes.size - position;
      this.#batch = new Uint8Array(Math.min(batchHashes * hashBytes, left));
      await readFully(this.#file, this.#batch, position, this.#path);
      this.#firstBlock = block;
      at = 0;
    }
    return this.#batch.subarray(at, at + hashBytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
