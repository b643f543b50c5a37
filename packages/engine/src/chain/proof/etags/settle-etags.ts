import { Buffer } from 'node:buffer';
import type { ChainContext } from '../../chain-context.ts';
import type { ContentJob } from '../../content/content-job.ts';
import { proveBatch } from '../../content/prove-batch.ts';
import { isOfAccess } from '../lasting-fault.ts';
import type { Fault, Listing } from '../link.ts';
import type { Finding, ListedLink } from '../proved-link.ts';
import { ReadFault, withReadFaults } from '../read-fault.ts';
import { type Disagreement, disagreementsMax, type EtagTally } from './etag-tally.ts';

/** Objects read in parallel. */
const readsAtOnce = 4;

/** A link, and how its ETags compare with the MD5s in its metadata. */
export type EtagSubject<Link extends ListedLink> = {
  readonly link: Link & { readonly listing: Listing };
  readonly tally: EtagTally;
  /** The key of an object in the tally. */
  readonly keyOf: (id: number) => string;
};

/** The proof of a link's inventory. */
export type InventoryProof<Link> = {
  /** Ends the proof at `metadata`; null if it may continue. */
  readonly end: Finding<Link> | null;
  /** Says that the ETags are not MD5s; null if they are. */
  readonly remark: string | null;
  /** True if the data is still to be read. Until then the link is not known to be whole. */
  readonly awaitsData: boolean;
};

/** Ends the proof of a link at its inventory. */
export function endOfInventory<Link>(end: Finding<Link>): InventoryProof<Link> {
  return { end, remark: null, awaitsData: false };
}

/** A fault in the inventory of a link. If an object is missing, the link is listed again first. */
export function inventoryFinding<Link>(fault: Fault, link: Link): Finding<Link> {
  return fault.code === 'object_missing' ? { fault, suspect: link } : { fault };
}

/**
 * Decides what it means if ETags are not the MD5s in the metadata. Such an ETag is a reason to read, never a verdict:
 * some services encrypt stored objects and compute ETags from something else.
 *
 * - If other ETags of the link agree, the service uses MD5s. Every object that disagrees is read.
 * - If none agrees, the service may not use MD5s. The smallest object is read and stands for all.
 * - If none agrees and the listing has changed since the link was proved, any object may have been replaced. All are
 *   read.
 *
 * Throws storage errors.
 */
export async function settleEtags<Link extends ListedLink>(
  context: ChainContext,
  subject: EtagSubject<Link>,
): Promise<InventoryProof<Link>> {
  const { tally, link } = subject;
  const { bucketName, imagePath } = link;
  const { smallest } = tally;
  if (smallest === null) return { end: null, remark: null, awaitsData: false };
  const isOpaque = tally.agreed === 0;
  const right: InventoryProof<Link> = {
    end: null,
    remark: isOpaque
      ? `${imagePath}: the ETags of this storage are not MD5s, so they show changes but do not prove content`
      : null,
    awaitsData: context.dataFollows,
  };
  if (context.dataFollows) return right;
  const readsAll = !isOpaque || (await hasChanged(context, subject));
  const [count, bytes] = readsAll ? [tally.disagreed, tally.disagreeingBytes] : [1, smallest.size];
  if (count > disagreementsMax || bytes > context.linkageMaxBytes)
    return endOfInventory({ fault: null, limit: limitOf(context, subject) });
  const objects = readsAll ? tally.kept : [smallest];
  if (!context.readHashes) {
    const limit = `${imagePath}: objects whose ETag is not their MD5 were not read`;
    const unreadHashes = objects.map(({ id, size }) => ({ bucketName, key: subject.keyOf(id), bytes: size }));
    return endOfInventory({ fault: null, limit, unreadHashes });
  }
  const fault = await readObjects(context, subject, objects);
  if (fault === null) return right;
  // The encryption key explains the ETag, although the object cannot be read.
  if (!readsAll && (await isEncryptedByKey(context, subject, smallest, fault))) return right;
  return endOfInventory(inventoryFinding(fault, link));
}

/**
 * Whether a link whose proof stopped at `metadata` may still exceed the limits on reading. Assumes that every object
 * disagrees, because without the metadata it is not known which do.
 */
export function mayExceedReading(
  { dataFollows, linkageMaxBytes }: ChainContext,
  { objectCount, storedBytes }: { readonly objectCount: number; readonly storedBytes: number },
): boolean {
  return !dataFollows && (objectCount > disagreementsMax || storedBytes > linkageMaxBytes);
}

async function hasChanged(
  { provedListing, storage }: ChainContext,
  { link: { backupId, bucketName, imagePath, listing } }: EtagSubject<ListedLink>,
): Promise<boolean> {
  const proved = await provedListing(backupId, { storageUnitId: storage.id, bucketName, imagePath });
  return proved !== null && proved !== listing.digest;
}

function limitOf({ linkageMaxBytes }: ChainContext, { link: { imagePath }, tally }: EtagSubject<ListedLink>): string {
  const { disagreed, disagreeingBytes } = tally;
  return (
    `${imagePath}: ${disagreed} objects (${disagreeingBytes} bytes) have an ETag that is not their MD5, and a ` +
    `sync reads at most ${disagreementsMax} such objects and ${linkageMaxBytes} bytes; "verify" reads them all`
  );
}

/** Reads objects and returns the fault of the first that does not match its MD5; null if all match. */
async function readObjects(
  { storage, signal }: ChainContext,
  { link: { bucketName }, keyOf }: EtagSubject<ListedLink>,
  objects: readonly Disagreement[],
): Promise<Fault | null> {
  for (let from = 0; from < objects.length; from += readsAtOnce) {
    const jobs = objects.slice(from, from + readsAtOnce).map((object) => jobOf(keyOf(object.id), object));
    const results = await Promise.all(jobs.map((job) => proveBatch(storage, bucketName, [job], signal)));
    for (const { failure } of results) {
      if (failure?.kind === 'error') throw failure.error;
      if (failure !== null) return asEtagFault(failure.fault);
    }
  }
  return null;
}

/** The MD5 covers the stored bytes, so they are not decompressed. */
function jobOf(key: string, { size, etag, md5 }: Disagreement): ContentJob {
  return {
    object: {
      key,
      storedBytes: size,
      etag: hex(etag),
      length: size,
      compression: 'none',
      plainDigest: null,
      storedDigest: { algorithm: 'md5', hex: hex(md5) },
    },
    blocks: null,
  };
}

function asEtagFault({ code, detail }: Fault): Fault {
  return { code: code === 'content_mismatch' ? 'object_etag_mismatch' : code, detail };
}

async function isEncryptedByKey(
  { storage, signal }: ChainContext,
  { link: { bucketName }, keyOf }: EtagSubject<ListedLink>,
  { id }: Disagreement,
  { code }: Fault,
): Promise<boolean> {
  if (code === 'encrypted_customer_key') return true;
  if (!isOfAccess(code)) return false;
  const key = keyOf(id);
  try {
    return (await withReadFaults(key, () => storage.head({ bucket: bucketName, key, signal }))).encryptedByKey;
  } catch (error) {
    if (error instanceof ReadFault) return false;
    throw error;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
