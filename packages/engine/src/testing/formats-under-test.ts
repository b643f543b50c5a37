import type { BackupFormat, BackupSync, VerificationLevel } from '@backup-sync/contracts';
import type { FormatTime } from '../chain/proof/link.ts';
import { syncItemOfEtcd, writeEtcdSnapshot } from './etcd-writer.ts';
import { syncItemsOfLonghorn, writeLonghornVolume } from './longhorn-writer.ts';
import { syncItemOfManifest } from './manifest-writer.ts';
import { filesOfPackage, planOfPackage, storePackage, syncItemOfPackage } from './ovf-writer.ts';
import { syncItemOfQcow2, writeQcow2 } from './qcow2-writer.ts';
import { type RecognisedBackup, recognisedBackups, syncItemOfRecognised } from './recognised-backups.ts';
import { syncItemsOfRestic, writeResticRepository } from './restic-writer.ts';
import { seededBytes } from './seeded-bytes.ts';
import { syncItemOf, writeSmallChain } from './small-chain.ts';
import { writeSmallManifestChain } from './small-manifest-chain.ts';
import { grainBytes, syncItemOfVmdk, writeVmdk } from './vmdk-writer.ts';

const bucketName = 'backups';

/** A complete chain in one format. `item` is the last link. */
export type FormatUnderTest = {
  readonly format: BackupFormat;
  readonly objects: Iterable<readonly [string, Uint8Array]>;
  readonly item: BackupSync;
  /** Number of backups in it that a scan finds by their names. */
  readonly backups: number;
  /** The level that it reaches if nothing fails. */
  readonly level: VerificationLevel;
  /** The level that it reaches if this object cannot be read. */
  readonly levelWithout: (key: string) => VerificationLevel;
  /** Whether it is whole, to the same level, once this object is gone; absent if it needs all objects. */
  readonly isWholeWithout?: (key: string) => boolean;
  /** The time of the item's backup in the format; null if the format has none. */
  readonly formatTime: FormatTime | null;
  /** False if nothing is known of the stored bytes, so that only presence can be proved. */
  readonly isRead: boolean;
};

/** Every format of formats.ts, and the unknown one. A format that is added there must be added here. */
export const formatsUnderTest: readonly FormatUnderTest[] = [
  cinderUnderTest(),
  manifestUnderTest(),
  ovfUnderTest(),
  longhornUnderTest(),
  resticUnderTest(),
  etcdUnderTest(),
  vmdkUnderTest(),
  ...recognisedBackups.map(recognisedUnderTest),
  qcow2UnderTest(),
  unknownUnderTest(),
];

function cinderUnderTest(): FormatUnderTest {
  const chain = writeSmallChain('faults', 8, [[1], [2, 7]]);
  const leaf = chain.at(-1);
  if (leaf === undefined) throw new Error('a chain has links');
  const item = syncItemOf(leaf, bucketName);
  return {
    format: 'cinder',
    objects: chain.flatMap(({ objects }) => [...objects]),
    item,
    backups: 3,
    level: 'linkage',
    levelWithout: (key) => (key.endsWith('_metadata') ? 'presence' : 'inventory'),
    formatTime: timeOf(item),
    isRead: true,
  };
}

function manifestUnderTest(): FormatUnderTest {
  const chain = writeSmallManifestChain('faults', 8, [[1], [2, 7]]);
  const leaf = chain.at(-1);
  if (leaf === undefined) throw new Error('a chain has links');
  const item = syncItemOfManifest(leaf, bucketName);
  return {
    format: 'manifest',
    objects: chain.flatMap(({ objects }) => [...objects]),
    item,
    backups: 3,
    level: 'linkage',
    levelWithout: (key) => (key.endsWith('manifest.json') ? 'presence' : 'inventory'),
    formatTime: timeOf(item),
    isRead: true,
  };
}

function ovfUnderTest(): FormatUnderTest {
  const imagePath = 'exports/web-1';
  const objects = [imagePath, 'exports/web-2', 'exports/web-3.ova'].flatMap((each) => [
    ...storePackage(each, filesOfPackage(planOfPackage(each))),
  ]);
  return {
    format: 'ovf',
    objects,
    item: syncItemOfPackage(imagePath, bucketName),
    backups: 3,
    level: 'linkage',
    levelWithout: (key) => (key.endsWith('.vmdk') ? 'inventory' : 'presence'),
    // Packages without a manifest are sound, but nothing says what their files contain.
    isWholeWithout: (key) => key.endsWith('.mf'),
    formatTime: null,
    isRead: true,
  };
}

function longhornUnderTest(): FormatUnderTest {
  const volume = writeLonghornVolume('faults', 8, [[0, 1, 2, 3], [1, 5, 6], [7]]);
  const item = syncItemsOfLonghorn(volume, bucketName).at(-1);
  if (item === undefined) throw new Error('a volume has backups');
  return {
    format: 'longhorn',
    objects: volume.objects,
    item,
    backups: 3,
    level: 'linkage',
    levelWithout: () => 'presence',
    formatTime: timeOf(item),
    isRead: true,
  };
}

function resticUnderTest(): FormatUnderTest {
  const repository = writeResticRepository({ seed: 'faults', folder: 'office', snapshots: 3 });
  const item = syncItemsOfRestic(repository, bucketName).at(-1);
  if (item === undefined) throw new Error('a repository has snapshots');
  return {
    format: 'restic',
    objects: repository.objects,
    item,
    backups: 3,
    level: 'metadata',
    levelWithout: () => 'presence',
    // The time of a snapshot is encrypted.
    formatTime: null,
    isRead: true,
  };
}

function etcdUnderTest(): FormatUnderTest {
  const snapshots = [1, 2, 3].map((day) =>
    writeEtcdSnapshot({
      seed: `snapshot ${day}`,
      folder: 'cluster-a',
      madeAtMs: Date.UTC(2026, 2, day, 2),
      pageBytes: 512,
      pages: 4,
      kind: 'snapshot',
    }),
  );
  const leaf = snapshots.at(-1);
  if (leaf === undefined) throw new Error('there are snapshots');
  const item = syncItemOfEtcd(leaf, bucketName);
  return {
    format: 'etcd',
    objects: snapshots.map(({ imagePath, bytes }) => [imagePath, bytes] as const),
    item,
    backups: 3,
    level: 'inventory',
    levelWithout: () => 'presence',
    formatTime: timeOf(item),
    isRead: true,
  };
}

function recognisedUnderTest(backup: RecognisedBackup): FormatUnderTest {
  return {
    format: backup.format,
    objects: backup.objects,
    item: syncItemOfRecognised(backup, bucketName),
    backups: 1,
    level: 'presence',
    levelWithout: () => 'presence',
    formatTime: backup.formatTime,
    isRead: false,
  };
}

function qcow2UnderTest(): FormatUnderTest {
  const base = writeQcow2({
    ...{ seed: 'base', imagePath: 'vm/base.qcow2' },
    clusters: ['stored', 'compressed', 'compressed', 'nothing', 'zeros', 'stored'],
  });
  const [middle, leaf] = ['base', 'middle'].map((below, index) =>
    writeQcow2({
      ...{ seed: `overlay ${index}`, imagePath: `vm/${['middle', 'leaf'][index]}.qcow2` },
      backing: { name: `${below}.qcow2`, format: 'qcow2' },
      clusters: ['nothing', 'stored', index === 0 ? 'compressed' : 'nothing', 'zeros', 'nothing', 'nothing'],
    }),
  );
  if (middle === undefined || leaf === undefined) throw new Error('there are two overlays');
  return {
    format: 'qcow2',
    objects: [base, middle, leaf].map(({ imagePath, bytes }) => [imagePath, bytes] as const),
    item: syncItemOfQcow2(leaf, bucketName),
    backups: 3,
    level: 'inventory',
    levelWithout: () => 'presence',
    formatTime: null,
    isRead: true,
  };
}

/** A full disk of raw blocks, a child with tables, and a compressed child of that. */
function vmdkUnderTest(): FormatUnderTest {
  const plan = { folder: 'vm/', extentGrains: [8] };
  const grains = (...numbers: readonly number[]) =>
    new Map(numbers.map((number) => [number, seededBytes(`grain ${number}`, grainBytes)]));
  const full = { ...plan, name: 'db', contentId: 1, parent: null, grains: grains(0, 1, 5) };
  const child = { ...plan, name: 'db-000001', contentId: 2, grains: grains(1, 7) };
  const leaf = { ...plan, name: 'db-000002', contentId: 3, grains: grains(2) };
  const written = writeVmdk({
    ...leaf,
    ...{ kind: 'streamOptimized by qemu', parent: { name: 'db-000001.vmdk', contentId: 2 } },
  });
  const others = [
    writeVmdk({ ...full, kind: 'monolithicFlat' }),
    writeVmdk({ ...child, kind: 'monolithicSparse', parent: { name: 'db.vmdk', contentId: 1 } }),
  ];
  return {
    format: 'vmdk',
    objects: [...others, written].flatMap(({ objects }) => objects),
    item: syncItemOfVmdk(written, bucketName),
    backups: 3,
    level: 'linkage',
    levelWithout: () => 'presence',
    formatTime: null,
    isRead: true,
  };
}

function unknownUnderTest(): FormatUnderTest {
  const objects = Array.from({ length: 9 }, (_, index): [string, Uint8Array] => [
    `plan/b/${index}`,
    Uint8Array.of(index),
  ]);
  const [full] = writeSmallChain('unknown', 4, []);
  if (full === undefined) throw new Error('a chain has links');
  return {
    format: 'unknown',
    objects,
    item: { ...syncItemOf(full, bucketName), image_path: 'plan/b' },
    backups: 0,
    level: 'presence',
    levelWithout: () => 'presence',
    formatTime: null,
    isRead: false,
  };
}

/** The writers of the tests give an item the time that is in the backup. */
function timeOf(item: BackupSync): FormatTime {
  return { atMs: item.created_at * 1000, hasZone: true };
}
