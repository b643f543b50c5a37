import { createHash } from 'node:crypto';
import { deflateSync, zstdCompressSync } from 'node:zlib';
import { pythonDatetime, pythonJson } from './python-text.ts';

/** The content and settings of one backup to write. */
export type CinderBackupPlan = {
  readonly volumeId: string;
  readonly backupId: string;
  /** When writing began, milliseconds since 1970, in whole seconds. */
  readonly takenAtMs: number;
  /** The bytes of the volume at that time; not longer than the parent's volume. */
  readonly volume: Uint8Array;
  /** Makes the backup an increment on this one. */
  readonly parent?: WrittenBackup;
  readonly name?: string;
  readonly description?: string;
  readonly availabilityZone?: string;
  /** Bytes that are read at once, and the most in one object: a multiple of `blockBytes`. */
  readonly objectBytes?: number;
  /** Bytes that one hash covers. */
  readonly blockBytes?: number;
  readonly compression?: 'none' | 'zlib' | 'gzip' | 'zstd';
  /**
   * Layout of object names (default: the S3 driver's). `posix` has a folder for each backup, or `folder` if that is
   * given. `early posix` is the layout before 2017.
   */
  readonly layout?: 'posix' | 'early posix';
  readonly folder?: string;
};

/** A backup as stored in a bucket. */
export type WrittenBackup = {
  readonly plan: CinderBackupPlan;
  readonly imagePath: string;
  /** SHA-256 of each block of the whole volume, hex. */
  readonly hashes: readonly string[];
  /** Every object of the backup by its key, in the order of writing. */
  readonly objects: ReadonlyMap<string, Uint8Array>;
};

const defaultObjectBytes = 256 * 1024;
const defaultBlockBytes = 32 * 1024;

/** Writes one backup the way Cinder's chunked drivers do. The same plan gives the same bytes. */
export function writeCinderBackup(plan: CinderBackupPlan): WrittenBackup {
  const { volumeId, backupId, takenAtMs, volume, parent } = plan;
  const { objectBytes = defaultObjectBytes, blockBytes = defaultBlockBytes, compression = 'zlib' } = plan;
  const imagePath = cinderImagePath(plan);
  const hashes = hashBlocks(volume, blockBytes);
  const objects = new Map<string, Uint8Array>();
  const named: Record<string, object>[] = [];

  const writeObject = (offset: number, end: number) => {
    const data = volume.subarray(offset, end);
    const key = `${imagePath}-${String(named.length + 1).padStart(5, '0')}`;
    const [stored, algorithm] = compress(data, compression);
    objects.set(key, stored);
    const md5 = createHash('md5').update(data).digest('hex');
    // A driver on a file system names the file without its path.
    const name = plan.layout === undefined ? key : key.slice(key.lastIndexOf('/') + 1);
    named.push({ [name]: { offset, length: data.length, compression: algorithm, md5 } });
  };

  for (let start = 0; start < volume.length; start += objectBytes) {
    const end = Math.min(start + objectBytes, volume.length);
    if (parent === undefined) writeObject(start, end);
    else for (const [from, to] of changedRuns(hashes, parent.hashes, blockBytes, start, end)) writeObject(from, to);
  }

  const header = {
    version: '1.0.0',
    backup_id: backupId,
    volume_id: volumeId,
    backup_name: plan.name ?? null,
    backup_description: plan.description ?? null,
    created_at: pythonDatetime(takenAtMs),
  };
  const hashFile = { ...header, chunk_size: blockBytes, sha256s: hashes };
  const metadata = { ...header, objects: named, parent_id: parent?.plan.backupId ?? null, volume_meta: null };
  objects.set(`${imagePath}_sha256file`, new TextEncoder().encode(pythonJson(hashFile)));
  objects.set(`${imagePath}_metadata`, new TextEncoder().encode(pythonJson(metadata)));
  return { plan, imagePath, hashes, objects };
}

function cinderImagePath(plan: CinderBackupPlan): string {
  const { volumeId, takenAtMs, availabilityZone = 'nova', backupId, layout } = plan;
  const { folder = `${backupId.slice(0, 2)}/${backupId.slice(2, 4)}/${backupId}` } = plan;
  if (layout === 'early posix') return `${folder}/backup`;
  const time = new Date(takenAtMs).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '');
  if (layout === 'posix') return `${folder}/volume_${volumeId}_${time}_backup_${backupId}`;
  return `volume_${volumeId}/${time}/az_${availabilityZone}_backup_${backupId}`;
}

/** SHA-256 of each block, hex. */
/** The keys of the objects with the data of a backup, in their order. */
export function dataKeysOf({ objects }: WrittenBackup): readonly string[] {
  return [...objects.keys()].filter(isDataKey);
}

export function isDataKey(key: string): boolean {
  return /-\d{5}$/.test(key);
}

export function hashBlocks(volume: Uint8Array, blockBytes: number): readonly string[] {
  const hashes: string[] = [];
  for (let offset = 0; offset < volume.length; offset += blockBytes) {
    hashes.push(
      createHash('sha256')
        .update(volume.subarray(offset, offset + blockBytes))
        .digest('hex'),
    );
  }
  return hashes;
}

/** Yields the start and end of each run of blocks that differ from the parent's, within the bytes read at once. */
export function* changedRuns(
  hashes: readonly string[],
  parentHashes: readonly string[],
  blockBytes: number,
  start: number,
  end: number,
): Generator<readonly [number, number]> {
  let runStart: number | null = null;
  for (let offset = start; offset < end; offset += blockBytes) {
    const block = offset / blockBytes;
    const isChanged = hashes[block] !== parentHashes[block];
    if (isChanged) runStart ??= offset;
    else if (runStart !== null) {
      yield [runStart, offset];
      runStart = null;
    }
  }
  if (runStart !== null) yield [runStart, end];
}

/** Compresses data. Data that does not shrink is stored uncompressed and marked `none`. */
function compress(data: Uint8Array, algorithm: string): readonly [Uint8Array, string] {
  if (algorithm === 'none') return [data, 'none'];
  // Cinder's "gzip" is a zlib stream as well.
  const compressed = algorithm === 'zstd' ? zstdCompressSync(data) : deflateSync(data);
  return compressed.length < data.length ? [compressed, algorithm] : [data, 'none'];
}
