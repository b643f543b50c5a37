import type { ChainContext } from '../chain-context.ts';
import type { UnreadObject } from './link.ts';
import type { Finding } from './proved-link.ts';

/**
 * Ends the proof of a link before block hashes are read: there may be too many bytes of them, and a plan reads none. Null
 * if they may be read.
 */
export function leaveHashes(
  { linkageMaxBytes, readHashes }: ChainContext,
  imagePath: string,
  files: readonly UnreadObject[],
): Finding<never> | null {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > linkageMaxBytes) {
    const limit = `the block hashes have ${bytes} bytes, and no more than ${linkageMaxBytes} may be read for them`;
    return { fault: null, limit: `${imagePath}: ${limit}; "verify" reads them whatever their size` };
  }
  if (readHashes) return null;
  return { fault: null, limit: `${imagePath}: its block hashes were left unread`, unreadHashes: files };
}
