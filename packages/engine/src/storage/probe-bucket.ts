import { isIP } from 'node:net';
import { type CheckedBucket, describeReason, type Reason, type StorageRequest } from '@backup-sync/contracts';
import pLimit from 'p-limit';
import { abortAfter } from '../deadline.ts';
import type { StorageEnvironment } from './driver.ts';
import { parseStorage } from './drivers.ts';
import { openStorageUnit } from './open-storage-unit.ts';
import { StorageError, type StorageUnit } from './port.ts';
import { reasonOfStorageError } from './storage-reason.ts';

/** A driver retries a silent service several times for a minute each, which is too long for someone who waits. */
const defaultTimeoutMs = 60_000;
/** Buckets that are probed at the same time. */
const bucketsAtOnce = 4;
/** Key requested in an empty bucket: the answer for a missing object shows whether objects may be read. */
const missingName = 'backup-sync-check';

type ProbedPlace = { readonly bucketName: string; readonly prefix: string };

export type ProbeOptions = {
  /** `file:<directory>` or `s3:<endpoint>`. */
  readonly storage: string;
  readonly environment?: StorageEnvironment | undefined;
  /** Buckets to probe, each with the prefix to try. */
  readonly places: readonly ProbedPlace[];
  /** Milliseconds after which a request to a bucket counts as refused (default 60,000). */
  readonly timeoutMs?: number | undefined;
  readonly signal: AbortSignal;
};

/**
 * Tries the requests of a sync on buckets: the first page of a listing, then the head and the first bytes of the first
 * object. Returns results in the order of `places`.
 *
 * If the service wants the bucket in the host name, tries that too and says whether it works. Throws the errors of
 * opening the storage unit.
 */
export async function probeBuckets(options: ProbeOptions): Promise<CheckedBucket[]> {
  const { storage, environment, places } = options;
  // Throws for a wrong specification, also if there is no bucket.
  parseStorage(storage);
  return pLimit(bucketsAtOnce).map(places, async (place) => {
    // Each bucket has its own storage unit, because a notice does not show which request it comes from.
    const notices: string[] = [];
    await using unit = await openStorageUnit(storage, environment, { onNotice: (text) => notices.push(text) });
    const probed = await probe(unit, place, options);
    const notes = [...probed.notes, ...notices];
    const isPathRefused = probed.refusals.some(({ reason }) => reason.code === 'storage_virtual_hosts_only');
    if (isPathRefused && environment?.addressing !== 'virtual') notes.push(await tryVirtualHost(place, options));
    return { ...probed, notes };
  });
}

async function tryVirtualHost(place: ProbedPlace, options: ProbeOptions): Promise<string> {
  const { host } = parseStorage(options.storage).location;
  if (isIP(host ?? '') !== 0)
    return 'A bucket name cannot precede an IP address: give --storage the host name of the service.';
  await using unit = await openStorageUnit(options.storage, { ...options.environment, addressing: 'virtual' });
  const { list, refusals } = await probe(unit, place, options);
  if (list === 'allowed') return 'With --addressing-style virtual, the bucket can be listed.';
  return `With --addressing-style virtual, the bucket cannot be listed either: ${refusals[0]?.reason.message ?? ''}`;
}

async function probe(unit: StorageUnit, place: ProbedPlace, ends: ProbeOptions): Promise<CheckedBucket> {
  const { bucketName: bucket, prefix } = place;
  const refusals: { request: StorageRequest; reason: Reason }[] = [];
  const attempt = async (request: StorageRequest, ask: (signal: AbortSignal) => Promise<unknown>) => {
    const reason = await reasonAgainst(ends, ask);
    if (reason !== null) refusals.push({ request, reason });
    return reason === null ? ('allowed' as const) : ('refused' as const);
  };
  let key: string | undefined;
  const list = await attempt('list', async (signal) => {
    for await (const page of unit.list({ bucket, prefix, signal })) {
      key = page[0]?.key;
      break;
    }
  });
  const known = { bucket_name: bucket, prefix, list, refusals };
  if (list === 'refused') return { ...known, head: 'not_tried', get: 'not_tried', notes: [] };
  const isEmpty = key === undefined;
  const object = { bucket, key: key ?? `${prefix}${missingName}` };
  const orMissing = async (asked: Promise<unknown>) => {
    await asked.catch((error: unknown) => {
      if (!isEmpty || !(error instanceof StorageError) || error.code !== 'object_not_found') throw error;
    });
  };
  const head = await attempt('head', (signal) => orMissing(unit.head({ ...object, signal })));
  const get = await attempt('get', (signal) => orMissing(readBeginning(unit, { ...object, signal })));
  return {
    ...known,
    head,
    get,
    notes: isEmpty ? [`Nothing is stored in ${prefix === '' ? bucket : `${bucket}/${prefix}`} yet.`] : [],
  };
}

async function readBeginning(unit: StorageUnit, object: Parameters<StorageUnit['get']>[0]): Promise<void> {
  const { body } = await unit.get(object);
  for await (const _ of body) break;
}

/** The reason why a request failed; null if it succeeded. */
async function reasonAgainst(
  { timeoutMs = defaultTimeoutMs, signal }: ProbeOptions,
  request: (signal: AbortSignal) => Promise<unknown>,
): Promise<Reason | null> {
  using timeout = abortAfter(timeoutMs);
  try {
    await orAborted(request, AbortSignal.any([signal, timeout.signal]));
    return null;
  } catch (error) {
    if (error instanceof StorageError) return describeReason(reasonOfStorageError[error.code], error.message);
    if (!timeout.signal.aborted || signal.aborted) throw error;
    return describeReason('storage_unreachable', `no answer came within ${timeoutMs / 1000} s`);
  }
}

/** Stops waiting when the signal is aborted. A hanging network mount ignores signals, so its request is abandoned. */
async function orAborted(request: (signal: AbortSignal) => Promise<unknown>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    await Promise.race([request(signal), aborted.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
