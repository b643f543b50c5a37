import { gunzipSync } from 'node:zlib';
import type { FormatUnderTest } from '../../packages/engine/src/testing/formats-under-test.ts';

type Objects = ReadonlyMap<string, Uint8Array>;

/** As in the snapshots of `formatsUnderTest`. */
const etcdPageBytes = 512;

/** Returns the keys of changed objects with the data or the hashes of the backup. No level may prove them. */
export function brokenData(
  subject: FormatUnderTest,
  {
    before,
    after,
    touched,
  }: { readonly before: Objects; readonly after: Objects; readonly touched: readonly string[] },
): readonly string[] {
  return touched.filter(
    (key) =>
      before.has(key) &&
      isData(subject, before, key) &&
      differs(before.get(key), after.get(key)) &&
      !isRightSnapshot(subject, before, after.get(key)) &&
      hasDigests(subject, { before, after }) &&
      !isUnseenLoss(subject, key, after) &&
      !isUnseenDisk(subject, key, { before, after }),
  );
}

/**
 * Nothing in a snapshot of etcd says which one it is, so another whole one is right, too. Without its hash, it is a copy
 * of the database, whose content no level claims to prove.
 */
function isRightSnapshot({ format }: FormatUnderTest, before: Objects, now: Uint8Array | undefined): boolean {
  if (format !== 'etcd' || now === undefined) return false;
  return now.length % etcdPageBytes === 0 || [...before.values()].some((bytes) => !differs(bytes, now));
}

/** Without its manifest, nothing says what the disks of a package contain, and no level claims to prove it. */
function hasDigests(
  { format, item }: FormatUnderTest,
  { before, after }: { readonly before: Objects; readonly after: Objects },
): boolean {
  const key = `${item.image_path}/web.mf`;
  return format !== 'ovf' || !differs(before.get(key), after.get(key));
}

/** Without the password, nobody can tell which objects of a repository of restic should be there. */
function isUnseenLoss({ format, item }: FormatUnderTest, key: string, after: Objects): boolean {
  return format === 'restic' && key !== item.image_path && !after.has(key);
}

/**
 * The bytes of a VMDK disk have no hash, so only what is missing at its end is seen. If another disk of the chain has
 * changed, this one may not be needed any more.
 */
function isUnseenDisk(
  { format }: FormatUnderTest,
  key: string,
  { before, after }: { readonly before: Objects; readonly after: Objects },
): boolean {
  if (format !== 'vmdk') return false;
  if ([...before].some(([other, bytes]) => other !== key && differs(bytes, after.get(other)))) return true;
  const [was, now] = [before.get(key) ?? new Uint8Array(), after.get(key) ?? new Uint8Array()];
  const isBeginning = Buffer.compare(was.subarray(0, now.length), now) === 0;
  // Some writers fill the end with zeros.
  return !isBeginning || was.subarray(now.length).every((byte) => byte === 0);
}

/** Documents may say the same in another way. Blocks of Longhorn may belong to earlier backups only. */
function isData({ format, item }: FormatUnderTest, before: ReadonlyMap<string, Uint8Array>, key: string): boolean {
  if (format === 'etcd') return key === item.image_path;
  // Other snapshots are not needed, and any bytes may be the config.
  if (format === 'restic') return key === item.image_path || /\/(?:data|index|keys)\//.test(key);
  if (format === 'ovf') return key.startsWith(`${item.image_path}/`) && /\.(?:ovf|vmdk)$/.test(key);
  // Nothing says what the data of a disk image should be, so no level proves it.
  if (format === 'qcow2') return false;
  // The first disk has its data in other files.
  if (format === 'vmdk') return !key.endsWith('/db.vmdk');
  if (format === 'manifest') return !key.endsWith('.json');
  if (format === 'cinder') return /-\d{5}$/.test(key);
  const checksum = /([0-9a-f]{64})\.blk$/.exec(key)?.[1];
  return checksum !== undefined && Buffer.from(before.get(item.image_path) ?? []).includes(checksum);
}

function differs(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one === undefined || other === undefined || Buffer.compare(plain(one), plain(other)) !== 0;
}

/** The header of gzip has fields that do not affect the data, such as a time. */
function plain(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch {
    // Not compressed, or no longer.
    return bytes;
  }
}
