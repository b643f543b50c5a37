import type { ChainContext } from '../chain-context.ts';
import type { UnreadObject } from './link.ts';
import type { Finding } from './proved-link.ts';

/**
 * Ends the proof of a link before its block hashes, or its tables (`what`), are read, if they exceed the limit or if a
 * plan must not read them. Returns null if they may be read.
 */
export function leaveHashes(
  { linkageMaxBytes, readHashes }: ChainContext,
  imagePath: string,
  files: readonly UnreadObject[],
  what: 'block hashes' | 'tables' = 'block hashes',
): Finding<never> | null {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > linkageMaxBytes) {
    const limit = `the ${what} have ${bytes} bytes, more than the limit of ${linkageMaxBytes} for one link`;
    return { fault: null, limit: `${imagePath}: ${limit}; "verify" reads them regardless of size` };
  }
  if (readHashes) return null;
  return { fault: null, limit: `${imagePath}: the ${what} were not read`, unreadHashes: files };
}
