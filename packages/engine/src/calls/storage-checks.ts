import { BackupSyncError, checkedBucketsMax, errors, type StorageCheck } from '@backup-sync/contracts';
import { catalogueRefusal } from '../catalogue-refusal.ts';
import type { Place } from '../imports/granted-places.ts';
import type { QueryServices, Work } from '../services.ts';
import { describeUngranted, everything, reaches } from '../storage/grants.ts';
import type { CallHandler } from './call-context.ts';

/** Milliseconds for each request: the call must be answered before the caller gives up. */
const requestTimeoutMs = 10_000;

/** The services that a check of storage and the catalogue needs. */
type CheckServices = QueryServices & { readonly work: Pick<Work, 'storage' | 'storageProbe'> };

/** Checks what a sync needs: whether the catalogue can be written, and what each bucket lets the server do. */
export const checkStorage: CallHandler<'checkStorage', CheckServices> = async ({ services }, input) => {
  const {
    work: { storageProbe },
    world: { stopping },
  } = services;
  const places = await placesToTry(services, input.project_id, input.bucket_names);
  const tried = places.slice(0, checkedBucketsMax);
  const [catalogue, buckets] = await Promise.all([
    whyNotWritable(services),
    storageProbe.probe({ places: tried, timeoutMs: requestTimeoutMs, signal: stopping }),
  ]);
  return { storage: storageProbe.storage, catalogue, buckets, buckets_left_out: places.length - tried.length };
};

async function whyNotWritable({ catalogue }: CheckServices): Promise<StorageCheck['catalogue']> {
  try {
    await catalogue.upkeep.touch();
    return null;
  } catch (thrown) {
    const error = catalogueRefusal(thrown);
    if (!(error instanceof BackupSyncError)) throw error;
    const { number, remedy } = errors[error.code];
    return { number, message: error.message, remedy };
  }
}

/**
 * Each bucket with the widest prefix that is granted. Throws `bucket_not_bound` if a named bucket is not granted at
 * all.
 */
async function placesToTry(
  { catalogue, work: { storage } }: CheckServices,
  projectId: string,
  named: readonly string[] | undefined,
): Promise<Place[]> {
  const grants = await catalogue.grants.listGrants(projectId);
  const known = async () => [
    ...(await catalogue.sources.listSources(projectId)).map(({ bucketName }) => bucketName),
    ...grants.map(({ bucketName }) => bucketName).filter((bucketName) => bucketName !== everything),
  ];
  const places: Place[] = [];
  const refused: string[] = [];
  for (const bucketName of new Set(named ?? (await known()))) {
    const prefixes = grants.filter((grant) => reaches(grant, storage.id, bucketName)).map(({ prefix }) => prefix);
    const [widest] = prefixes.sort((one, other) => one.length - other.length);
    if (widest !== undefined) places.push({ bucketName, prefix: widest });
    else refused.push(bucketName);
  }
  if (named !== undefined && refused.length > 0) {
    throw new BackupSyncError('bucket_not_bound', describeUngranted(refused));
  }
  return places;
}
