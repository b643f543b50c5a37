import { counted, type ExpandedVolume } from '@backup-sync/contracts';
import type { Expansion, ReplayResult } from '../catalogue/backup-records.ts';
import { type ChainData, isCompared, type NamedVolume, type VolumeData, volumesOf } from '../chain/data.ts';
import type { Examination, Fault } from '../chain/proof/link.ts';
import { faultOfDisk, limitOfExpansion } from '../chain/replay/expansion-limit.ts';
import { type Replay, replayChain } from '../chain/replay/replay-chain.ts';
import { chainDigest } from '../imports/decide-sync.ts';
import type { OperationRun } from '../operations/run-operation.ts';
import { printable } from '../quote.ts';
import type { Sharing } from './share-reading.ts';

type Replaying = Pick<OperationRun, 'storage' | 'signal' | 'report'>;

/** The replay of all volumes of a backup. */
export type VolumesReplay =
  | { readonly fault: Fault; readonly result: null }
  | { readonly fault: null; readonly result: ReplayResult }
  /** They have too much that nothing stores to be expanded. */
  | { readonly fault: null; readonly result: null; readonly limit: string };

/**
 * Replays all volumes of a backup, each once, up to the first with a fault. Null if it has none. If its format has no hashes of a
 * volume, the volumes are compared with `before`, what the chain expanded to before, if no listing has changed since.
 */
export async function replayVolumes(
  run: Replaying,
  threads: Sharing['threads'],
  data: ChainData,
  examination: Pick<Examination, 'form' | 'listing' | 'ancestors'>,
  before: Expansion | null,
): Promise<VolumesReplay | null> {
  const volumes = volumesOf(data);
  if (volumes.length === 0) return null;
  const hasHashes = isCompared(data, examination.form);
  const limit = hasHashes ? null : await limitOfExpansion(volumes);
  if (typeof limit === 'string') return { fault: null, result: null, limit };
  if (limit !== null) return { fault: limit.fault, result: null };
  const expanded: ExpandedVolume[] = [];
  const replays = new Map<VolumeData, Replay>();
  for (const named of volumes) {
    const replay = replays.get(named.volume) ?? (await replayVolume(run, threads, named));
    const { fault, volumeBytes, sha256 } = replay;
    if (fault !== null) return { fault: faultOfDisk(named, fault), result: null };
    if (hasHashes) return { fault: null, result: { kind: 'matched', sha256 } };
    replays.set(named.volume, replay);
    expanded.push({ disk: named.disk, size: volumeBytes, expanded_sha256: sha256 });
  }
  const fault = before?.chainDigest === chainDigest(examination) ? differenceOf(before.volumes, expanded) : null;
  return fault === null ? { fault, result: { kind: 'expanded', volumes: expanded } } : { fault, result: null };
}

async function replayVolume(run: Replaying, threads: Sharing['threads'], { volume }: NamedVolume) {
  return await replayChain(volume, {
    storage: run.storage,
    ...threads,
    sink: null,
    signal: run.signal,
    onProgress: ({ replayedBytes, volumeBytes }) =>
      run.report({ link: volume.links.length, replayed_bytes: replayedBytes, volume_bytes: volumeBytes }),
  });
}

function differenceOf(before: readonly ExpandedVolume[], now: readonly ExpandedVolume[]): Fault | null {
  for (const volume of now) {
    const earlier = before.find(({ disk }) => disk === volume.disk);
    if (earlier?.expanded_sha256 === volume.expanded_sha256 && earlier.size === volume.size) continue;
    const what = volume.disk === null ? 'the volume' : `disk ${printable(volume.disk)}`;
    const was = earlier === undefined ? 'was not there' : `expanded to ${describe(earlier)}`;
    const detail = `${what} expands to ${describe(volume)}, but when it was first replayed, it ${was}`;
    return { code: 'expansion_mismatch', detail };
  }
  return null;
}

function describe({ size, expanded_sha256: sha256 }: ExpandedVolume): string {
  return `${counted(size, 'byte')} with SHA-256 ${sha256}`;
}
