import { open } from 'node:fs/promises';

const pieceBytes = 256 * 1024;

/** Reads a file in pieces, each into the same memory. */
export async function* readPieces(path: string): AsyncGenerator<Uint8Array> {
  await using file = await open(path);
  const piece = Buffer.allocUnsafeSlow(pieceBytes);
  while (true) {
    const { bytesRead } = await file.read(piece, 0, piece.length);
    if (bytesRead === 0) return;
    yield piece.subarray(0, bytesRead);
  }
}
