import { gunzipSync } from 'node:zlib';
import type { FormatUnderTest } from '../../packages/engine/src/testing/formats-under-test.ts';

type Objects = ReadonlyMap<string, Uint8Array>;

/**
 * Keys of the objects whose bytes are the backup, or its hashes, and are not what they were: no level may pass them.
 */
export function brokenData(
  subject: FormatUnderTest,
  {
    before,
    after,
    touched,
  }: { readonly before: Objects; readonly after: Objects; readonly touched: readonly string[] },
): readonly string[] {
  return touched.filter(
    (key) => before.has(key) && isData(subject, before, key) && differs(before.get(key), after.get(key)),
  );
}

/** Documents may say the same anew; blocks of Longhorn that only earlier backups name are not this one's. */
function isData({ format, item }: FormatUnderTest, before: ReadonlyMap<string, Uint8Array>, key: string): boolean {
  if (format === 'manifest') return !key.endsWith('.json');
  if (format === 'cinder') return /-\d{5}$/.test(key);
  const checksum = /([0-9a-f]{64})\.blk$/.exec(key)?.[1];
  return checksum !== undefined && Buffer.from(before.get(item.image_path) ?? []).includes(checksum);
}

function differs(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one === undefined || other === undefined || Buffer.compare(plain(one), plain(other)) !== 0;
}

/** The header of gzip has fields that mean nothing to the data, such as a time. */
function plain(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch {
    // Not compressed, or not any more.
    return bytes;
  }
}
