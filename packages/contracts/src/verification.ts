import { z } from 'zod';

/**
 * How far a backup is proved, each level including those before it:
 * - `presence`: something lies under the image path;
 * - `metadata`: the metadata parses, agrees with itself and the request, and every ancestor is found;
 * - `inventory`: exactly the objects that the metadata names are there;
 * - `linkage`: what this link stores is exactly what its block hashes say has changed since its parent;
 * - `content`: every stored object was read and hashes as the metadata says;
 * - `replay`: the chain replayed gives the leaf's block hashes everywhere.
 */
export const verificationLevels = ['presence', 'metadata', 'inventory', 'linkage', 'content', 'replay'] as const;
export const verificationLevel = z.enum(verificationLevels).meta({ id: 'VerificationLevel' });
export type VerificationLevel = z.infer<typeof verificationLevel>;

/** Whether `level` is at least `wanted`. */
export function reaches(level: VerificationLevel, wanted: VerificationLevel): boolean {
  return verificationLevels.indexOf(level) >= verificationLevels.indexOf(wanted);
}

/** The lower of two levels: a chain is proved as far as its least proved link. */
export function lowerLevel(one: VerificationLevel, other: VerificationLevel): VerificationLevel {
  return reaches(one, other) ? other : one;
}

/** What lies at an image path. `unknown` is said plainly: only presence can be proved. */
export const backupFormats = ['cinder', 'longhorn', 'manifest', 'unknown'] as const;
export const backupFormat = z.enum(backupFormats).meta({ id: 'BackupFormat' });
export type BackupFormat = z.infer<typeof backupFormat>;
