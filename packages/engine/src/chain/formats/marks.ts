import type { BackupFormat } from '@backup-sync/contracts';
import type { BackupPart, ChainFormat, KeyOwner } from '../format.ts';
import { cinderFormat } from './cinder/cinder-format.ts';
import { longhornFormat } from './longhorn/longhorn-format.ts';
import { manifestFormat } from './manifest/manifest-format.ts';

/** A format that a scan recognises by its commit marks. */
export type MarkedFormat = Exclude<BackupFormat, 'unknown'>;

/** The formats by name, the one whose marks are most particular first. */
export const markedFormats = {
  cinder: cinderFormat,
  longhorn: longhornFormat,
  manifest: manifestFormat,
} as const satisfies Record<MarkedFormat, ChainFormat>;

export const markedFormatNames = Object.keys(markedFormats) as readonly MarkedFormat[];

/** Which backup has an object of this key, of these formats; null where the name does not tell. */
export function recognisePart(
  key: string,
  formats: readonly MarkedFormat[],
): (BackupPart & { readonly format: MarkedFormat }) | null {
  for (const format of formats) {
    const part = markedFormats[format].partOf(key);
    if (part !== null) return { format, ...part };
  }
  return null;
}

/** The backup of a known format that an object of this key belongs to; null if its name does not prove one. */
export function recogniseOwner(key: string): KeyOwner | null {
  for (const format of markedFormatNames) {
    const owner = markedFormats[format].ownerOf(key);
    if (owner !== null) return owner;
  }
  return null;
}
