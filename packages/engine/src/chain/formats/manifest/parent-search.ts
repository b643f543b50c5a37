import { quote } from '../../../quote.ts';
import { StorageError } from '../../../storage/port.ts';
import { mayHide, mayHideMoved } from '../../absences.ts';
import type { Fault } from '../../proof/link.ts';
import {
  isManifestPlace,
  type ManifestFinding,
  type ManifestLink,
  type ManifestPlace,
  type PlaceReading,
} from './manifest-link.ts';
import type { ManifestTools } from './manifest-tools.ts';

type Place = { readonly bucketName: string; readonly imagePath: string };

/** The result of reading the parent's manifest. */
type FoundReading = Exclude<PlaceReading, { kind: 'foreign' }>;
type Found = { readonly kind: 'found'; readonly place: ManifestPlace; readonly reading: FoundReading };

export type ParentSearch = Found | { readonly kind: 'not found'; readonly finding: ManifestFinding };

/** Maximum number of nested folders that a bucket may have been copied into. */
const outerFoldersMax = 16;

/**
 * Finds the parent of an increment. It looks at these places:
 *
 * - where the manifest says;
 * - where the catalogue has it;
 * - in the folder next to the child's that is named by the parent's id;
 * - at the manifest's path below each folder that both may have been copied into;
 * - at the same paths in the project's other buckets.
 *
 * A place whose manifest is of another backup is ignored. A bucket that refuses is skipped, unless the parent is known
 * to be there.
 */
export async function findParent(
  { context, listings }: ManifestTools,
  child: ManifestLink,
  read: (place: ManifestPlace) => Promise<PlaceReading>,
): Promise<ParentSearch> {
  const parentId = child.header.parent?.backup_id ?? '';
  const places = await placesOfParent(context, child);
  let denied: string | null = null;
  const lookAt = async (look: 'at' | 'again', { bucketName, imagePath }: Place): Promise<Found | null> => {
    const listed = await listings[look](bucketName, imagePath);
    if (listed === null || !isManifestPlace(listed)) return null;
    const place = { ...listed, backupId: parentId };
    const reading = await read(place);
    if (reading.kind === 'foreign') return null;
    const isParent = reading.kind === 'unread' || reading.link.header.backup.id === parentId;
    return isParent ? { kind: 'found', place, reading } : null;
  };
  for (const look of ['at', 'again'] as const) {
    // A readable manifest takes precedence over an unreadable one, which may be any backup's.
    let unread: Found | null = null;
    for (const place of places) {
      try {
        const found = await lookAt(look, place);
        if (found?.reading.kind === 'link') return found;
        unread ??= found;
      } catch (error) {
        if (!(error instanceof StorageError) || !isOfPlace(error)) throw error;
        // The child was just read from this bucket, so the whole bucket is gone.
        if (error.code === 'bucket_not_found' && place.bucketName === child.place.bucketName) throw error;
        if (error.code === 'access_denied') denied ??= `${place.bucketName}/${place.imagePath}`;
      }
    }
    if (unread !== null) return unread;
    if (look === 'again') break;
    const elsewhere = await findElsewhere(context, child, places, (place) => lookAt('at', place));
    if (elsewhere !== null) return elsewhere;
  }
  if (denied !== null) {
    const detail = `${denied}, where parent ${quote(parentId)} of ${child.place.imagePath} may be`;
    return { kind: 'not found', finding: { level: 'presence', fault: { code: 'access_denied', detail } } };
  }
  const looked = places.map(({ bucketName, imagePath }) => `${bucketName}/${imagePath}`).join(', ');
  const fault: Fault = {
    code: 'parent_missing',
    detail: `parent ${quote(parentId)} of ${child.place.imagePath} is not at ${looked}`,
  };
  return { kind: 'not found', finding: { fault } };
}

/**
 * Looks at the same paths in the project's other buckets, for a backup of the same resource. A readable manifest takes
 * precedence over an unreadable one. Absent places are not searched again in this run. If nothing is found, a failure
 * that may hide the parent is thrown.
 */
async function findElsewhere(
  { absences, locate, projectBuckets, storage }: ManifestTools['context'],
  child: ManifestLink,
  places: readonly Place[],
  lookAt: (place: Place) => Promise<Found | null>,
): Promise<Found | null> {
  const paths = new Set(places.filter(isIn(child.place.bucketName)).map(({ imagePath }) => imagePath));
  const recorded = await locate(child.header.parent?.backup_id ?? '');
  const isRecorded = recorded.some(({ storageUnitId }) => storageUnitId === storage.id);
  let unread: Found | null = null;
  let failure: StorageError | null = null;
  for (const bucketName of await projectBuckets()) {
    for (const imagePath of paths) {
      const isKnown = places.filter(isIn(bucketName)).some((place) => place.imagePath === imagePath);
      if (isKnown || absences.has(bucketName, imagePath)) continue;
      try {
        const found = await lookAt({ bucketName, imagePath });
        if (found?.reading.kind === 'link') {
          if (found.reading.link.header.resource.id === child.header.resource.id) return found;
        } else if (found !== null) unread ??= found;
        if (found === null) absences.add(bucketName, imagePath);
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        if (!mayHide(error)) absences.add(bucketName, imagePath);
        else if (!isRecorded || mayHideMoved(error)) failure ??= error;
      }
    }
  }
  if (failure !== null && unread === null) throw failure;
  return unread;
}

function isIn(bucketName: string) {
  return (place: Place) => place.bucketName === bucketName;
}

/** Whether a failure concerns this place only and says nothing of the others. */
function isOfPlace({ code }: StorageError): boolean {
  return code === 'access_denied' || code === 'bucket_not_found';
}

async function placesOfParent(
  context: ManifestTools['context'],
  { header, place }: ManifestLink,
): Promise<readonly Place[]> {
  const { backup_id: parentId = '', bucket_name: bucketName, image_path: imagePath } = header.parent ?? {};
  const folder = place.imagePath.slice(0, place.imagePath.lastIndexOf('/') + 1);
  const places: Place[] = [];
  if (imagePath !== undefined) places.push({ bucketName: bucketName ?? place.bucketName, imagePath });
  const known = await context.locate(parentId);
  places.push(...known.filter(({ storageUnitId }) => storageUnitId === context.storage.id));
  // An id with a "/" in it cannot name a folder next to the child's.
  if (!parentId.includes('/')) places.push({ bucketName: place.bucketName, imagePath: `${folder}${parentId}` });
  if (imagePath !== undefined) {
    for (const outer of outerFoldersOf(place.imagePath)) {
      places.push({ bucketName: place.bucketName, imagePath: `${outer}${imagePath}` });
    }
  }
  const isNew = (one: Place, index: number) =>
    places.findIndex((other) => other.bucketName === one.bucketName && other.imagePath === one.imagePath) === index;
  return places.filter(isNew);
}

/** The folders that contain an image path, the outermost first. A bucket may have been copied into any of them. */
function outerFoldersOf(imagePath: string): readonly string[] {
  const segments = imagePath.split('/').slice(0, -1);
  return segments.slice(0, outerFoldersMax).map((_, index) => `${segments.slice(0, index + 1).join('/')}/`);
}
