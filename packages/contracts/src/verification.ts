import { z } from 'zod';

/** Levels in ascending order. */
export const verificationLevels = ['presence', 'metadata', 'inventory', 'linkage', 'content', 'replay'] as const;
export const verificationLevel = z.enum(verificationLevels).meta({
  id: 'VerificationLevel',
  description:
    'How far the backup is proved; each level includes those before it. presence: something is stored at the image path. ' +
    'metadata: the metadata can be parsed and agrees with itself and the request, and every ancestor is found. ' +
    'inventory: exactly the objects that the metadata names are there. ' +
    'linkage: what this link stores is exactly what its block hashes say has changed since its parent. ' +
    'content: every stored object was read and matches its hash in the metadata. ' +
    'replay: the replayed chain has the block hashes of this backup everywhere.',
});
export type VerificationLevel = z.infer<typeof verificationLevel>;

/** Whether `level` is `wanted` or higher. */
export function reaches(level: VerificationLevel, wanted: VerificationLevel): boolean {
  return verificationLevels.indexOf(level) >= verificationLevels.indexOf(wanted);
}

/** The lower of two levels. A chain is proved as far as its least proved link. */
export function lowerLevel(one: VerificationLevel, other: VerificationLevel): VerificationLevel {
  return reaches(one, other) ? other : one;
}

export const backupFormats = [
  'cinder',
  'longhorn',
  'restic',
  'etcd',
  'qcow2',
  'vmdk',
  'manifest',
  'ovf',
  'barman',
  'borg',
  'kopia',
  'percona',
  'proxmox',
  'veeam',
  'velero',
  'vzdump',
  'wal-g',
  'unknown',
] as const;
export const backupFormat = z.enum(backupFormats).meta({
  id: 'BackupFormat',
  description:
    'Format of the data at the image path. Of unknown data, only presence can be proved, as of the formats of Barman, Borg, Kopia, Percona, Proxmox, Veeam, Velero, vzdump and WAL-G.',
});
export type BackupFormat = z.infer<typeof backupFormat>;

/** A volume that a backup expands to, although its format has no hash to compare it with. */
export const expandedVolume = z
  .object({
    disk: z.string().nullable().meta({
      description: 'Name of the disk in the backup; null if the backup is of one volume.',
    }),
    size: z.int().meta({ description: 'Size of the volume in bytes.' }),
    expanded_sha256: z.string().meta({ description: 'SHA-256 of the whole volume, in hex.' }),
  })
  .meta({ id: 'ExpandedVolume', description: 'A volume that was expanded, and compared with nothing.' });
export type ExpandedVolume = z.infer<typeof expandedVolume>;
