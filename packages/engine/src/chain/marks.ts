import type { BackupFormat } from '@backup-sync/contracts';
import { cinderFormat } from './cinder/cinder-format.ts';
import { parseCinderKey } from './cinder/image-path.ts';
import type { BackupPart, ChainFormat } from './format.ts';
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

/**
 * Whether a key has the name of a known format's object though it tells no backup, so that a path template does not
 * take it for a backup of its own. Formats that have a folder for each backup need not be asked: a folder with a mark in
 * it is known by that.
 */
export function isNamedByKnownFormat(key: string): boolean {
  return parseCinderKey(key) !== null;
}
