import type { Writable } from 'node:stream';
import { type BackupSync, type BucketGrant, reaches } from '@backup-sync/contracts';
import { systemClock } from '../../clock.ts';
import { quote } from '../../quote.ts';
import type { StorageEnvironment } from '../../storage/driver.ts';
import { limitToGrants } from '../../storage/granted-storage-unit.ts';
import { openStorageUnit } from '../../storage/open-storage-unit.ts';
import { noTrustedRoots } from '../../trusted-roots.ts';
import { Absences } from '../absences.ts';
import { isCompared, type NamedVolume, volumesOf } from '../data.ts';
import { openChain } from '../examiner.ts';
import type { Fault, Location } from '../proof/link.ts';
import { orFault } from '../proof/read-fault.ts';
import { limitOfExpansion } from './expansion-limit.ts';
import { extractToFile } from './extract-to-file.ts';
import { type Replay, type ReplayProgress, replayChain } from './replay-chain.ts';
import { streamSink } from './stream-sink.ts';

export type ExtractOptions = {
  /** `file:<directory>` or `s3:<endpoint>` of the storage unit, as seen from this machine. */
  readonly storage: string;
  readonly environment?: StorageEnvironment | undefined;
  /** The backup, as recorded. */
  readonly item: BackupSync;
  /** The grants of the backup's project. Nothing outside them is read. */
  readonly grants: readonly BucketGrant[];
  /** The places where the catalogue knows a backup to be, to find parents in other folders. */
  readonly locate: (backupId: string) => Promise<readonly Location[]>;
  /** The buckets of the project's records. A parent without a record may be in any of them. */
  readonly recordedBuckets: () => Promise<ReadonlySet<string>>;
  /** A file, which exists only if the whole volume is right; or a stream. */
  readonly output:
    | {
        readonly path: string;
        readonly replace: boolean;
        /** Called when a partial file of an earlier, killed extraction is replaced. */
        readonly onPartialReplaced: () => void;
      }
    | { readonly stream: Writable };
  /** The name of one of several disks; null if the backup is expected to have one volume. */
  readonly disk: string | null;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ReplayProgress) => void;
};

/** An extracted volume. */
export type Extraction = Replay & {
  /** False if the format has no hash of the volume, so that it was expanded and compared with nothing. */
  readonly isCompared: boolean;
  /** What could not be proved of a volume that was compared with nothing; null if nothing. */
  readonly limit: string | null;
};

/** Which disk is meant is not known, or no disk has this name. The message lists those of the backup. */
export class DiskChoiceError extends Error {
  override readonly name = 'DiskChoiceError';
}

/**
 * Extracts the volume of a backup from its chain, and compares each block with its hash before writing it. If the format
 * has no hashes, proves its structure first, as a sync does. Uses no catalogue: get the item by `beginExtraction`, which records who reads what.
 *
 * Throws `StorageError`, `StorageSpecificationError`, `OutputError`, {@link DiskChoiceError}, and the signal's reason.
 */
export async function extractBackup(options: ExtractOptions): Promise<Extraction | { readonly fault: Fault }> {
  const { item, output, signal, onProgress } = options;
  await using unit = await openStorageUnit(options.storage, options.environment);
  const grants = options.grants.map(({ project_id, storage_unit, bucket_name, prefix }) => ({
    projectId: project_id,
    storageUnitId: storage_unit,
    bucketName: bucket_name,
    prefix,
  }));
  const storage = limitToGrants(unit, () => Promise.resolve(grants));
  const context = {
    storage,
    bucketName: item.bucket_name,
    imagePaths: [item.image_path],
    dataFollows: true,
    findProofs: () => Promise.resolve([]),
    findListings: () => Promise.resolve([]),
    provedListing: () => Promise.resolve(null),
    locate: options.locate,
    // Only what has a record is extracted.
    hasRecord: async () => true,
    projectBuckets: async () => {
      const granted = grants.filter(({ storageUnitId }) => storageUnitId === storage.id);
      return [...new Set([...(await options.recordedBuckets()), ...granted.map(({ bucketName }) => bucketName)])];
    },
    absences: new Absences(),
    // Only remarks depend on them, and an extraction has none.
    trustedRoots: noTrustedRoots,
    nowMs: () => systemClock.nowMs(),
    signal,
  };
  // The replay proves more than linkage does, so block hashes are read only once, during the replay.
  let examiner = await openChain({ ...context, linkageMaxBytes: 0, readHashes: false });
  let examination = await examiner.examine(item);
  const form = examination?.form ?? null;
  if (examination?.fault === null && form !== null && !reaches(form.ceiling, 'replay')) {
    // Nothing is compared with the volume, so wrong tables would give a wrong volume.
    examiner = await openChain({ ...context, linkageMaxBytes: Number.POSITIVE_INFINITY, readHashes: true });
    examination = await examiner.examine(item);
  }
  const place = `${item.bucket_name}/${item.image_path}`;
  if (examination === null) return { fault: { code: 'path_not_found', detail: place } };
  if (examination.fault !== null) return { fault: examination.fault };
  const { limit } = examination;
  const data = await orFault(examiner.openData(item));
  if (data === null) return { fault: { code: 'format_unknown', detail: `${place}: ${limit ?? ''}` } };
  if ('fault' in data) return data;
  const volumes = volumesOf(data);
  if (volumes.length === 0) return { fault: { code: 'not_a_volume', detail: limit ?? place } };
  const chosen = chooseDisk(volumes, options.disk);
  const compared = isCompared(data, examination.form);
  if (!compared) {
    const tooLarge = await limitOfExpansion([chosen]);
    if (typeof tooLarge === 'string') return { fault: { code: 'not_a_volume', detail: tooLarge } };
    if (tooLarge !== null) return tooLarge;
  }
  const reading = {
    storage,
    opening: {
      id: storage.id,
      specification: options.storage,
      ...(options.environment !== undefined && { environment: options.environment }),
    },
    signal,
    onProgress,
  };
  const replay =
    'stream' in output
      ? await replayChain(chosen.volume, { ...reading, sink: streamSink(output.stream) })
      : await extractToFile(chosen.volume, output, reading);
  return { ...replay, isCompared: compared, limit: compared ? null : limit };
}

function chooseDisk(volumes: readonly NamedVolume[], wanted: string | null): NamedVolume {
  const [first] = volumes;
  const chosen = wanted === null && volumes.length === 1 ? first : volumes.find(({ disk }) => disk === wanted);
  if (chosen !== undefined) return chosen;
  const names = volumes.flatMap(({ disk }) => (disk === null ? [] : [quote(disk)]));
  if (names.length === 0) throw new DiskChoiceError('the backup is of one volume without a name; leave out --disk');
  const problem = wanted === null ? 'the backup has several disks' : `the backup has no disk ${quote(wanted)}`;
  throw new DiskChoiceError(`${problem}; choose one with --disk: ${names.join(', ')}`);
}
