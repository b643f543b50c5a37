import { createHash } from 'node:crypto';
import type { BoundedJson } from './bounded-json.ts';

/** Walks a whole document, in pieces, and answers its SHA-256, hex. Throws `JsonFault`, and what `bytes` throws. */
export async function walkDocument(bytes: AsyncIterable<Uint8Array>, json: BoundedJson): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of bytes) {
    hash.update(piece);
    json.write(piece);
  }
  json.end();
  return hash.digest('hex');
}
