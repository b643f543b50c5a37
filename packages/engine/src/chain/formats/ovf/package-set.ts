import { createHash } from 'node:crypto';
import { counted } from '@backup-sync/contracts';
import type { PathListing } from '../../path-listings.ts';
import type { Listing } from '../../proof/link.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import {
  assemblePackage,
  filesMax,
  type OvfPackage,
  type PackageDocuments,
  type PackageFile,
  pathsNamedIn,
  readDocuments,
} from './read-package.ts';
import { findStoredFiles, isOther, namedMax, type PackageContext, type StoredFiles } from './stored-package.ts';

/** Maximum number of packages in one folder or archive. */
const packagesMax = 100;

/** The packages at an image path: one, unless a folder has several descriptors. */
export type PackageSet = {
  readonly packages: readonly OvfPackage[];
  readonly stored: StoredFiles;
  /** What was listed, without other packages in folders below. */
  readonly listing: Listing;
  /** Identifies the content by what the descriptors say and, after "-", by the digests of all files. */
  readonly contentId: string;
  /** What is unusual although nothing is wrong. */
  readonly remarks: readonly string[];
};

/** Reads all packages at an image path. Throws `ReadFault`, and storage errors. */
export async function readPackageSet(context: PackageContext, place: PathListing): Promise<PackageSet> {
  const stored = await findStoredFiles(context, place);
  if (stored.descriptors.length === 0 && stored.cut !== null) {
    throw new ReadFault({ code: 'object_size_impossible', detail: stored.cut }, false);
  }
  if (stored.descriptors.length === 0) {
    throw new ReadFault({ code: 'object_missing', detail: `the descriptor (.ovf) of ${place.imagePath}` }, true);
  }
  if (stored.descriptors.length > packagesMax) throw tooMany(place, `${packagesMax} descriptors`);
  const read: PackageDocuments[] = [];
  for (const path of stored.descriptors) read.push(await readDocuments(stored, path, context.nowMs()));
  const listing = await stored.keep(new Set(read.flatMap((each) => [...pathsNamedIn(each)])));
  const packages: OvfPackage[] = [];
  let files = 0;
  for (const documents of read) {
    const each = assemblePackage(stored, documents);
    files += each.files.size;
    if (files > filesMax) throw tooMany(place, `${filesMax} files in their descriptors`);
    packages.push(each);
  }
  return {
    packages,
    stored,
    listing,
    contentId: contentIdOf(packages),
    remarks: [
      ...(packages.length > 1 ? [`it has ${counted(packages.length, 'package')}`] : []),
      ...packages.flatMap(({ remarks }) => remarks),
      ...packages.flatMap(({ files }) => [...files.values()].filter(isSizeWrong).map(describeSize)).slice(0, namedMax),
      ...stored.remarks,
    ],
  };
}

/**
 * What is not of the packages is left out, and so is all that differs between copies: names of other files, times, ETags,
 * and how a manifest is written.
 */
function contentIdOf(packages: readonly OvfPackage[]): string {
  const described = digestOf(packages.map(({ descriptorDigest }) => descriptorDigest).toSorted());
  const files = filesOf({ packages }).filter(({ file }) => file !== null);
  const isHashed = packages.every(({ hasManifest }) => hasManifest) && files.every(({ digest }) => digest !== null);
  if (!isHashed) return described;
  const digests = files.map(({ path, digest }) => [path, digest?.algorithm, digest?.hex.toLowerCase()]);
  return `${described}-${digestOf(digests.toSorted(([one = ''], [other = '']) => (one < other ? -1 : 1)))}`;
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

function tooMany({ imagePath }: PathListing, what: string): ReadFault {
  return new ReadFault({ code: 'listing_too_large', detail: `${imagePath} has more than ${what}` }, false);
}

/** All files of all packages, each once. */
export function filesOf({ packages }: Pick<PackageSet, 'packages'>): readonly PackageFile[] {
  const files = new Map<string, PackageFile>();
  for (const each of packages) {
    for (const [path, file] of each.files) {
      const known = files.get(path);
      if (known === undefined || known.digest === null) files.set(path, file);
    }
  }
  return [...files.values()];
}

/** Whether the descriptor has another size. If a digest decides, the size is a hint: some writers are wrong about it. */
function isSizeWrong({ bytes, stored, digest, file }: PackageFile): boolean {
  return digest !== null && bytes !== null && stored !== null && bytes !== stored.bytes && file?.isCompressed === false;
}

function describeSize({ path, bytes, stored }: PackageFile): string {
  return `${path} has ${counted(stored?.bytes ?? 0, 'byte')}, not ${bytes} as in the descriptor`;
}

/** Describes the other files next to packages, if there are any. `extents` are files of their disks. */
export function describeStrays({ packages, stored }: PackageSet, extents: ReadonlySet<string>): readonly string[] {
  const own = new Set(packages.flatMap((each) => [...each.files.keys(), ...each.documents]));
  const isStray = (path: string) => isOther(path) && !stored.isOfAnother(path) && !own.has(path) && !extents.has(path);
  const strays = [...stored.files.keys()].filter(isStray);
  const count = strays.length + stored.others.count;
  if (count === 0) return [];
  const names = [...strays, ...stored.others.first].slice(0, namedMax);
  return [`${counted(count, 'other file')} next to it: ${names.join(', ')}${count > namedMax ? ', …' : ''}`];
}
