import { createHash } from 'node:crypto';
import type { StorageUnit } from '../../storage/port.ts';
import { BlockHasher } from './block-hasher.ts';
import type { ContentJob } from './content-job.ts';
import { contentMismatch, readVerified } from './verified-bytes.ts';

/** Reads one object and compares its length, digests and blocks. Throws the errors of `readVerified`. */
export async function proveObject(
  storage: StorageUnit,
  bucketName: string,
  { object, blocks }: ContentJob,
  signal: AbortSignal,
): Promise<void> {
  const plain = readVerified(storage, bucketName, object, signal);
  if (blocks === null) {
    for await (const _ of plain);
    return;
  }
  const blockHashes = createHash('sha256');
  const blockHasher = new BlockHasher(blocks.blockBytes, (sha256) => blockHashes.update(sha256));
  for await (const piece of plain) blockHasher.add(piece);
  blockHasher.finish();
  if (blockHashes.digest('hex') !== blocks.hex) {
    throw contentMismatch(object.key, 'its blocks do not match the block hashes of the backup');
  }
}
