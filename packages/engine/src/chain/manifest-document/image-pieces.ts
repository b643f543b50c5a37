import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { chainManifestHashesName, chainManifestName, counted } from '@backup-sync/contracts';

/** A manifest cannot be created. The message says why and what to do. */
export class ManifestCreationError extends Error {
  override readonly name = 'ManifestCreationError';
}

/** A file that contains a range of the volume, uncompressed. */
export type ImagePiece = {
  readonly name: string;
  readonly path: string;
  /** Start in the volume, in bytes. */
  readonly offset: number;
  readonly length: number;
  readonly modifiedAtMs: number;
};

/** Bytes read from a piece at once, a multiple of every usual block size. */
const readBytes = 4 * 1024 * 1024;

const byNumbersInNames = new Intl.Collator('en', { numeric: true });

/**
 * Finds the files of a directory that are the pieces of one raw image, in the order of their names: `disk.10` comes
 * after `disk.9`. Ignores hidden files and the files this command writes. Throws {@link ManifestCreationError}.
 */
export async function findImagePieces(directory: string): Promise<readonly ImagePiece[]> {
  const entries = (await readDirectory(directory)).filter(({ name }) => !name.startsWith('.') && !isOwnFile(name));
  const folder = entries.find((entry) => !entry.isFile());
  if (folder !== undefined) {
    throw new ManifestCreationError(
      `${join(directory, folder.name)} is not a file: the directory must contain only image files`,
    );
  }
  const names = entries.map(({ name }) => name).toSorted(byNumbersInNames.compare);
  const pieces: ImagePiece[] = [];
  let offset = 0;
  for (const name of names) {
    const path = join(directory, name);
    const { size: length, mtimeMs } = await stat(path);
    if (length === 0) throw new ManifestCreationError(`${path} is empty: remove it, or finish writing it first`);
    pieces.push({ name, path, offset, length, modifiedAtMs: mtimeMs });
    offset += length;
  }
  if (pieces.length === 0) throw new ManifestCreationError(`${directory} contains no image files`);
  return pieces;
}

/** Throws {@link ManifestCreationError} if a block would be in two files. */
export function checkLengths(pieces: readonly ImagePiece[], blockBytes: number): void {
  const odd = pieces.slice(0, -1).find(({ length }) => length % blockBytes !== 0);
  if (odd === undefined) return;
  const rule = `every piece except the last must be a multiple of ${blockBytes} bytes`;
  throw new ManifestCreationError(`${odd.path} has ${counted(odd.length, 'byte')}: ${rule}`);
}

/**
 * Reads the blocks of a piece, in order. The last may be short. A block is valid until the next is requested. Throws
 * {@link ManifestCreationError} if the file changes meanwhile, and the signal's reason.
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

/** Fills `into` from a position of the file. Throws {@link ManifestCreationError} if the file ends before. */
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
  return new ManifestCreationError(`${path} changed while it was read: create the manifest when nothing writes to it`);
}
