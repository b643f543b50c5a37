import type { BackupSync, ReasonCode } from '../../packages/contracts/src/index.ts';
import type { WrittenBackup } from '../../packages/engine/src/testing/cinder-writer.ts';
import { syncItemsOfLonghorn, writeLonghornVolume } from '../../packages/engine/src/testing/longhorn-writer.ts';
import { syncItemOfManifest } from '../../packages/engine/src/testing/manifest-writer.ts';
import { syncItemOf, writeSmallChain } from '../../packages/engine/src/testing/small-chain.ts';
import { writeSmallManifestChain } from '../../packages/engine/src/testing/small-manifest-chain.ts';
import type { Buckets } from './storage-gate.ts';

/**
 * The buckets of a run. `exports` is scanned, `watched` and `damaged` have a source; only `damaged` has broken backups.
 */
export type BucketName = 'volumes' | 'exports' | 'watched' | 'damaged' | 'silent';

/** A backup, with what the harness knows about it. */
export type KnownBackup = {
  readonly item: BackupSync;
  /** Reasons with which its import may fail; empty if the backup is whole. */
  readonly reasons: readonly ReasonCode[];
  /** Whether the catalogue keeps a record of it, available or in error. */
  readonly isRecorded: boolean;
};

type Written = { readonly objects: Iterable<readonly [string, Uint8Array]>; readonly backups: readonly KnownBackup[] };

const changes = [[1], [2, 7]];

/** Creates the backups of one round: writes their objects into `buckets`, and returns what is known about each. */
export function writeBackups(seed: string, buckets: Buckets): KnownBackup[] {
  const written: [BucketName, Written][] = [
    ['volumes', wholeChain(`${seed}-a`, 'volumes')],
    ['volumes', wholeChain(`${seed}-b`, 'volumes')],
    ['exports', wholeManifests(`${seed}-c`, 'exports')],
    ['exports', wholeLonghorn(`${seed}-d`, 'exports')],
    ['watched', wholeChain(`${seed}-e`, 'watched')],
    ...damagedChains(seed).map((chain): [BucketName, Written] => ['damaged', chain]),
  ];
  for (const [bucket, { objects }] of written) store(buckets, bucket, objects);
  return written.flatMap(([, { backups }]) => backups);
}

/** Creates full backups of this many volumes, in a separate bucket. */
export function writeFullBackups(seed: string, count: number, bucket: BucketName, buckets: Buckets): KnownBackup[] {
  return Array.from({ length: count }, (_, index) => {
    const [full] = writeSmallChain(`${seed}-${index}`, 4, []);
    if (full === undefined) throw new Error('a chain has links');
    store(buckets, bucket, full.objects);
    return { item: syncItemOf(full, bucket), reasons: [], isRecorded: true };
  });
}

function store(buckets: Buckets, bucket: BucketName, objects: Iterable<readonly [string, Uint8Array]>): void {
  const stored = buckets.get(bucket) ?? new Map<string, Uint8Array>();
  for (const [key, content] of objects) stored.set(key, content);
  buckets.set(bucket, stored);
}

function wholeChain(seed: string, bucket: BucketName): Written {
  const chain = writeSmallChain(seed, 8, changes);
  return {
    objects: objectsOf(chain),
    backups: chain.map((backup) => ({ item: syncItemOf(backup, bucket), reasons: [], isRecorded: true })),
  };
}

function wholeManifests(seed: string, bucket: BucketName): Written {
  const chain = writeSmallManifestChain(seed, 8, changes);
  return {
    objects: chain.flatMap(({ objects }) => [...objects]),
    backups: chain.map((backup) => ({ item: syncItemOfManifest(backup, bucket), reasons: [], isRecorded: true })),
  };
}

function wholeLonghorn(seed: string, bucket: BucketName): Written {
  const volume = writeLonghornVolume(seed, 8, [
    [0, 1, 2],
    [1, 5],
  ]);
  const items = syncItemsOfLonghorn(volume, bucket);
  return { objects: volume.objects, backups: items.map((item) => ({ item, reasons: [], isRecorded: true })) };
}

/** A full backup and an increment, with the damage to the objects of the full backup. */
type Damage = {
  readonly name: string;
  readonly reasons: readonly ReasonCode[];
  readonly isRecorded: boolean;
  /** Why the increment fails. */
  readonly childReasons: readonly ReasonCode[];
  readonly apply: (full: WrittenBackup) => Map<string, Uint8Array>;
};

const damages: readonly Damage[] = [
  {
    name: 'lost-object',
    reasons: ['object_missing'],
    isRecorded: true,
    childReasons: ['parent_broken'],
    apply: (full) => without(full, firstData(full)),
  },
  {
    name: 'stray-object',
    reasons: ['object_stray'],
    isRecorded: true,
    childReasons: ['parent_broken'],
    apply: ({ objects, imagePath }) => new Map([...objects, [`${imagePath}-00099`, Uint8Array.of(1)]]),
  },
  {
    name: 'cut-metadata',
    reasons: ['metadata_unreadable'],
    isRecorded: true,
    childReasons: ['parent_broken'],
    apply: ({ objects, imagePath }) => new Map([...objects, [`${imagePath}_metadata`, Buffer.from('{')]]),
  },
  {
    name: 'replaced-object',
    reasons: ['object_etag_mismatch'],
    isRecorded: true,
    childReasons: ['parent_broken'],
    apply: (full) => {
      const key = firstData(full);
      const changed = Uint8Array.from(full.objects.get(key) ?? []);
      changed[0] = (changed[0] ?? 0) ^ 1;
      return new Map([...full.objects, [key, changed]]);
    },
  },
  {
    name: 'no-commit-mark',
    reasons: ['incomplete'],
    isRecorded: true,
    childReasons: ['parent_broken', 'parent_missing'],
    apply: (full) => without(full, `${full.imagePath}_metadata`),
  },
  {
    name: 'never-written',
    reasons: ['path_not_found'],
    isRecorded: false,
    childReasons: ['parent_missing'],
    apply: () => new Map(),
  },
];

function damagedChains(seed: string): Written[] {
  return damages.map(({ name, reasons, isRecorded, childReasons, apply }) => {
    const [full, child] = writeSmallChain(`${seed}-${name}`, 8, [[1]]);
    if (full === undefined || child === undefined) throw new Error('a chain of two links has two links');
    return {
      objects: [...apply(full), ...child.objects],
      backups: [
        { item: syncItemOf(full, 'damaged'), reasons, isRecorded },
        { item: syncItemOf(child, 'damaged'), reasons: childReasons, isRecorded: true },
      ],
    };
  });
}

function objectsOf(chain: readonly WrittenBackup[]): [string, Uint8Array][] {
  return chain.flatMap(({ objects }) => [...objects]);
}

function firstData({ imagePath }: WrittenBackup): string {
  return `${imagePath}-00001`;
}

function without({ objects }: WrittenBackup, key: string): Map<string, Uint8Array> {
  return new Map([...objects].filter(([each]) => each !== key));
}
