import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { chainManifestHashesName, chainManifestName, counted } from '@backup-sync/contracts';

/** A manifest cannot be made of what is there. The message says what to do. */
export class ManifestCreationError extends Error {
  override readonly name = 'ManifestCreationError';
}

/** A file that holds a range of the volume as it is. */
export type ImagePiece = {
  readonly name: string;
  readonly path: string;
  /** Where it begins in the volume, bytes. */
  readonly offset: number;
  readonly length: number;
  readonly modifiedAtMs: number;
};

/** Bytes read from a piece at once: whole blocks of every usual size. */
const readBytes = 4 * 1024 * 1024;

const byNumbersInNames = new Intl.Collator('en', { numeric: true });

/**
 * The files of a directory as pieces of one raw image, in the order of their names, where `disk.10` comes behind
 * `disk.9`. Hidden files and what this command itself writes are left out. Throws {@link ManifestCreationError}.
 */
export async function findImagePieces(directory: string, blockBytes: number): Promise<readonly ImagePiece[]> {
  const entries = (await readDirectory(directory)).filter(({ name }) => !name.startsWith('.') && !isOwnFile(name));
  const folder = entries.find((entry) => !entry.isFile());
  if (folder !== undefined) {
    throw new ManifestCreationError(
      `${join(directory, folder.name)} is no file: the directory holds image files alone`,
    );
  }
  const names = entries.map(({ name }) => name).toSorted(byNumbersInNames.compare);
  const pieces: ImagePiece[] = [];
  let offset = 0;
  for (const [index, name] of names.entries()) {
    const path = join(directory, name);
    const { size: length, mtimeMs } = await stat(path);
    if (length === 0) throw new ManifestCreationError(`${path} is empty: remove it, or write it to its end first`);
    if (index < names.length - 1 && length % blockBytes !== 0) {
      const message = `${path} has ${counted(length, 'byte')}: every piece but the last must be a multiple of ${blockBytes}`;
      throw new ManifestCreationError(message);
    }
    pieces.push({ name, path, offset, length, modifiedAtMs: mtimeMs });
    offset += length;
  }
  if (pieces.length === 0) throw new ManifestCreationError(`${directory} has no image file in it`);
  return pieces;
}

/**
 * The blocks of a piece, in order; the last may be short. Each is to be used before the next is asked for. Throws
 * {@link ManifestCreationError} where the file changes meanwhile, and the signal's reason.
 */
export async function* readBlocks(
  piece: ImagePiece,
  blockBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  await using file = await open(piece.path);
  const buffer = new Uint8Array(Math.max(1, Math.floor(readBytes / blockBytes)) * blockBytes);
  for (let at = 0; at < piece.length; at += buffer.length) {
    signal.throwIfAborted();
    const wanted = Math.min(buffer.length, piece.length - at);
    await readFully(file, buffer.subarray(0, wanted), at, piece.path);
    for (let from = 0; from < wanted; from += blockBytes) {
      yield buffer.subarray(from, Math.min(from + blockBytes, wanted));
    }
  }
  const { size, mtimeMs } = await file.stat();
  if (size !== piece.length || mtimeMs !== piece.modifiedAtMs) throw changed(piece.path);
}

/** Fills `into` from a place of the file. Throws {@link ManifestCreationError} where it ends before. */
export async function readFully(file: FileHandle, into: Uint8Array, position: number, path: string): Promise<void> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await file.read(into, filled, into.length - filled, position + filled);
    if (bytesRead === 0) throw changed(path);
    filled += bytesRead;
  }
}

async function readDirectory(directory: string) {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ManifestCreationError(`the directory cannot be read: ${reason}`);
  }
}

function isOwnFile(name: string): boolean {
  return name === chainManifestName || name === chainManifestHashesName;
}

function changed(path: string): ManifestCreationError {
  return new ManifestCreationError(`${path} changed while it was read: make the manifest when nothing writes to it`);
}
