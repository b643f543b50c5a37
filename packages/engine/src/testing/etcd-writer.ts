import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { BackupSync } from '@backup-sync/contracts';
import { fnv1a } from '../chain/formats/etcd/meta-page.ts';
import { seededBytes } from './seeded-bytes.ts';

/** What a snapshot of etcd consists of. */
export type EtcdPlan = {
  readonly seed: string;
  /** Folder of the cluster, without a slash at the end. */
  readonly folder: string;
  readonly madeAtMs: number;
  readonly pageBytes: number;
  /** Number of pages, at least 3. */
  readonly pages: number;
  /** `snapshot` as etcd writes it, or a copy of its database. */
  readonly kind: 'snapshot' | 'copy';
  /** Number of the last transaction but one (default: 12). */
  readonly transaction?: number;
};

export type WrittenSnapshot = { readonly plan: EtcdPlan; readonly imagePath: string; readonly bytes: Uint8Array };

/** Writes a snapshot as `etcdctl snapshot save` does, with the name that k3s gives. Its pages have no real content. */
export function writeEtcdSnapshot(plan: EtcdPlan): WrittenSnapshot {
  const { seed, folder, madeAtMs, pageBytes, pages, kind } = plan;
  const database = Buffer.from(seededBytes(seed, pages * pageBytes));
  for (const page of [0, 1]) writeMetaPage(database.subarray(page * pageBytes, (page + 1) * pageBytes), plan, page);
  const trailer = createHash('sha256').update(database).digest();
  return {
    plan,
    imagePath: `${folder}/etcd-snapshot-server-1-${Math.floor(madeAtMs / 1000)}`,
    bytes: kind === 'copy' ? database : Buffer.concat([database, trailer]),
  };
}

export function syncItemOfEtcd({ plan, imagePath }: WrittenSnapshot, bucketName: string): BackupSync {
  return {
    backup_id: `id of ${plan.seed}`,
    backup_name: plan.seed,
    bucket_name: bucketName,
    image_path: imagePath,
    resource_id: 'cluster-1',
    resource_name: plan.folder,
    resource_type: 'Etcd::Cluster',
    created_at: Math.floor(plan.madeAtMs / 1000),
  };
}

/** The last two transactions have a description each; the later one is in page 0 or 1, by its number. */
function writeMetaPage(page: Buffer, { pageBytes, pages, transaction = 12 }: EtcdPlan, number: number): void {
  page.fill(0);
  page.writeUInt32LE(number, 0);
  page.writeUInt16LE(4, 8);
  page.writeUInt32LE(0xed0cdaed, 16);
  page.writeUInt32LE(2, 20);
  page.writeUInt32LE(pageBytes, 24);
  page.writeBigUInt64LE(2n, 32);
  page.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, 48);
  page.writeBigUInt64LE(BigInt(pages), 56);
  page.writeBigUInt64LE(BigInt(transaction + number), 64);
  page.writeBigUInt64LE(fnv1a(page.subarray(16, 72)), 72);
}
