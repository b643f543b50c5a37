import { quote } from '../../../quote.ts';
import type { Form } from '../../proof/link.ts';
import { type DiskStructures, disksOf } from './disk-structures.ts';
import type { InventoryCheck } from './inventory-check.ts';
import { filesOf, type PackageSet } from './package-set.ts';
import type { PackageFile } from './read-package.ts';

/** How far packages can be proved, and why no further if that is below `linkage`. */
export type PackageForm = { readonly form: Form; readonly limit: string | null };

type FoundByReading = Omit<DiskStructures, 'fault' | 'looksMissing'> & Pick<InventoryCheck, 'unsized'>;

/** Judges which levels these packages allow, by what reading their disks and the ends of their files found. Pure. */
export function formOf(
  set: Pick<PackageSet, 'packages'>,
  { structured, extents, unread, unsized, limit: ofParents }: FoundByReading,
): PackageForm {
  const [elsewhere] = set.packages.flatMap((each) => each.elsewhere);
  if (elsewhere !== undefined) {
    const gaps = hasManifest(set) ? (['data_elsewhere'] as const) : (['data_elsewhere', 'no_digest'] as const);
    return { form: { ceiling: 'metadata', gaps }, limit: `the file ${quote(elsewhere)} is not in the bucket` };
  }
  const files = filesOf(set);
  const diskFiles = new Set(set.packages.flatMap((each) => disksOf(each).map(({ file }) => file?.path)));
  const unstructured = files.filter(({ path }) => diskFiles.has(path) && !structured.has(path));
  const limit = describeUnstructured(unstructured, unread) ?? ofParents;
  // What only the manifest lacks is the descriptor itself, which was read.
  const unhashed = files.filter(({ digest, file }) => digest === null && (file !== null || !hasManifest(set)));
  const hashed = new Set(files.flatMap(({ path, digest }) => (digest === null ? [] : [path])));
  const isHashed = unhashed.length === 0 && [...extents].every((path) => hashed.has(path));
  if (isHashed) return { form: { ceiling: 'content', gaps: [] }, limit };
  const [unknown] = unhashed.filter(
    ({ path, bytes, file }) => file !== null && (bytes === null || unsized.has(path)) && !structured.has(path),
  );
  if (unknown !== undefined) {
    const form = { ceiling: 'metadata', gaps: ['size_unknown', 'no_digest'] } as const;
    return { form, limit: `nothing says how large ${unknown.path} must be` };
  }
  return { form: { ceiling: limit === null ? 'linkage' : 'inventory', gaps: ['no_digest'] }, limit };
}

function hasManifest({ packages }: Pick<PackageSet, 'packages'>): boolean {
  return packages.every((each) => each.hasManifest);
}

function describeUnstructured(
  [first, ...others]: readonly PackageFile[],
  unread: ReadonlyMap<string, string>,
): string | null {
  if (first === undefined) return null;
  const form = first.file?.isCompressed ? 'it is compressed' : 'it is not a VMDK file in one piece';
  const more = others.length === 0 ? '' : `, and of ${others.length} more`;
  return `the structure of the disk ${first.path}${more} cannot be checked: ${unread.get(first.path) ?? form}`;
}
