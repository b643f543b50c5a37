import type { BackupFormat } from '@backup-sync/contracts';
import { parseCinderImagePath } from './cinder/image-path.ts';
import { parseEtcdPath } from './etcd/etcd-path.ts';
import { parseBackupPath } from './longhorn/backup-path.ts';
import { parseQcow2Path } from './qcow2/qcow2-path.ts';
import { programKeys } from './recognised/program-keys.ts';
import type { ProgramName } from './recognised/programs.ts';
import { parseSnapshotPath } from './restic/repository-path.ts';
import { rootOfVmdk } from './vmdk/vmdk-path.ts';

/** Finds the root of a chain by the image path of a link; null if the path does not have the shape of the format. */
type RootOf = (imagePath: string) => string | null;

/**
 * For each format, the part of an image path that all links of a chain share: a prefix of keys. In the order of
 * `formats.ts`. A separate list, because the threads of the catalogue need it, and would otherwise load all formats.
 */
export const chainRoots: Readonly<Record<BackupFormat, RootOf>> = {
  cinder: (imagePath) => parseCinderImagePath(imagePath)?.folder ?? null,
  longhorn: (imagePath) => parseBackupPath(imagePath)?.volumeFolder ?? null,
  restic: (imagePath) => parseSnapshotPath(imagePath)?.root ?? null,
  etcd: (imagePath) => parseEtcdPath(imagePath)?.imagePath ?? null,
  qcow2: (imagePath) => parseQcow2Path(imagePath)?.imagePath ?? null,
  vmdk: rootOfVmdk,
  manifest: (imagePath) => imagePath,
  ovf: (imagePath) => imagePath,
  barman: rootIn('barman'),
  kopia: rootIn('kopia'),
  proxmox: rootIn('proxmox'),
  veeam: rootIn('veeam'),
  velero: rootIn('velero'),
  vzdump: rootIn('vzdump'),
  'wal-g': rootIn('wal-g'),
  percona: rootIn('percona'),
  borg: rootIn('borg'),
  unknown: (imagePath) => imagePath,
};

/** The image paths of another program, whose backups need no others as far as is read. */
function rootIn(name: ProgramName): RootOf {
  return (imagePath) => programKeys[name].placeAt(imagePath)?.imagePath ?? null;
}

/**
 * The part of an image path that all links of its chain share, as far as the path shows. Links with the same root are
 * examined together, from one listing.
 */
export function chainRootOf(imagePath: string): string {
  for (const rootOf of Object.values(chainRoots)) {
    const root = rootOf(imagePath);
    if (root !== null) return root;
  }
  return imagePath;
}
