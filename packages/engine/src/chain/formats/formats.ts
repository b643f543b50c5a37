import type { BackupFormat } from '@backup-sync/contracts';
import type { BucketContext } from '../chain-context.ts';
import type { BackupPart, ChainFormat, KeyOwner, RecognisedFormat } from '../format.ts';
import { cinderFormat } from './cinder/cinder-format.ts';
import { etcdFormat } from './etcd/etcd-format.ts';
import { longhornFormat } from './longhorn/longhorn-format.ts';
import { manifestFormat } from './manifest/manifest-format.ts';
import { ovfFormat } from './ovf/ovf-format.ts';
import { qcow2Format } from './qcow2/qcow2-format.ts';
import { recognisedFormat } from './recognised/recognised-format.ts';
import { resticFormat } from './restic/restic-format.ts';
import { unknownFormat } from './unknown/unknown-format.ts';
import { vmdkFormat } from './vmdk/vmdk-format.ts';

/** A format that is recognised by the names of its objects. */
export type KnownFormat = Exclude<BackupFormat, 'unknown'>;

/**
 * All formats, the most specific shape of path first. They are asked in this order what is stored at a path. Formats that
 * are only recognised follow all that prove more, those whose paths could be anyone's last.
 */
export const formats = {
  cinder: cinderFormat,
  longhorn: longhornFormat,
  restic: resticFormat,
  etcd: etcdFormat,
  qcow2: qcow2Format,
  vmdk: vmdkFormat,
  manifest: manifestFormat,
  ovf: ovfFormat,
  barman: recognisedFormat('barman'),
  kopia: recognisedFormat('kopia'),
  proxmox: recognisedFormat('proxmox'),
  veeam: recognisedFormat('veeam'),
  velero: recognisedFormat('velero'),
  vzdump: recognisedFormat('vzdump'),
  'wal-g': recognisedFormat('wal-g'),
  percona: recognisedFormat('percona'),
  borg: recognisedFormat('borg'),
  unknown: unknownFormat,
} as const satisfies Record<KnownFormat, RecognisedFormat> & Record<'unknown', ChainFormat>;

export const formatNames = Object.keys(formats) as readonly BackupFormat[];

export const knownFormatNames: readonly KnownFormat[] = formatNames.filter((name) => name !== 'unknown');

/**
 * Finds the backup that an object of this key is part of, in one of these formats; null if the key alone does not show
 * it.
 */
export function findPart(
  key: string,
  names: readonly KnownFormat[],
): (BackupPart & { readonly format: KnownFormat }) | null {
  for (const format of names) {
    const part = formats[format].partOf(key);
    if (part !== null) return { format, ...part };
  }
  return null;
}

/** Finds the backup of a known format that an object of this key belongs to; null if the key does not prove one. */
export function findOwner(key: string): KeyOwner | null {
  for (const name of knownFormatNames) {
    const owner = formats[name].ownerOf(key);
    if (owner !== null) return owner;
  }
  return null;
}

/**
 * Finds the image path of a backup of a known format whose metadata names the object at this image path; null if none
 * does. Throws storage errors of the bucket.
 */
export async function findNamingBackup(context: BucketContext, imagePath: string): Promise<string | null> {
  for (const name of knownFormatNames) {
    const naming = await formats[name].findNamingBackup(context, imagePath);
    if (naming !== null) return naming;
  }
  return null;
}
