import type { ObjectEntry } from '../../../storage/port.ts';
import type { FormatContext } from '../../format.ts';
import type { PathListing } from '../../path-listings.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { readStart } from '../../read-range.ts';
import { readManifestLines } from './manifest-lines.ts';
import { baseName, isDocument, parseArchivePath, stemOfDescriptor } from './ovf-path.ts';

/** What is read of a manifest without a descriptor: enough for its line about the descriptor. */
const manifestStartBytes = 64 * 1024;

/** Manifests without a descriptor that are read. */
const manifestsMax = 10;

/** A package, or several in one folder, as last listed. */
export type OvfLink = PathListing & { readonly backupId: string };

/**
 * Whether packages are stored at an image path: an archive, or a folder with a descriptor. If a descriptor is missing, a
 * manifest may still name it; only then something is read.
 */
export async function isPackagePlace(context: FormatContext, place: PathListing): Promise<boolean> {
  if (parseArchivePath(place.imagePath) !== null && place.ownObject !== null) return true;
  const { packageFiles } = place;
  if (packageFiles.some(({ key }) => stemOfDescriptor(baseName(key)) !== null)) return true;
  const isManifest = ({ key, size }: ObjectEntry) => /\.mf$/i.test(key) && isDocument(baseName(key)) && size > 0;
  for (const manifest of packageFiles.filter(isManifest).slice(0, manifestsMax)) {
    if (await namesDescriptor(context, manifest)) return true;
  }
  return false;
}

/** A manifest that cannot be read proves nothing. */
async function namesDescriptor(context: FormatContext, manifest: ObjectEntry): Promise<boolean> {
  try {
    const start = Buffer.from(await readStart(context, manifest, manifestStartBytes));
    const reading = readManifestLines(start.subarray(0, start.lastIndexOf('\n') + 1));
    return reading.kind === 'read' && [...reading.digests.keys()].some((name) => stemOfDescriptor(name) !== null);
  } catch (error) {
    if (error instanceof ReadFault) return false;
    throw error;
  }
}
