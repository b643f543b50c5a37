import type { Catalogue } from '../catalogue/catalogue.ts';
import type { SingleOperation } from '../catalogue/operation-records.ts';
import type { ProvedObject } from '../catalogue/proved-object.ts';
import type { ContentJob } from '../chain/content/content-job.ts';
import { contentCheckVersion, type OpenProvedObjects } from '../chain/content/proved-objects.ts';
import type { Digest } from '../chain/data.ts';
import type { Clock } from '../clock.ts';
import { verifyRequestOf } from './verify-request.ts';

/** Number of objects that are remembered for each project, at some 200 bytes each. */
const keptObjectsMax = 1_000_000;
/** Nothing is remembered for longer, in milliseconds: by then bit rot is likelier than the saving is worth. */
const keptForMs = 366 * 24 * 60 * 60 * 1000;
/** Longest key that is remembered. Services allow no longer ones, but directories do. */
const keyBytesMax = 1024;

type Remembering = {
  readonly services: {
    readonly catalogue: Pick<Catalogue, 'provedObjects'>;
    readonly world: { readonly clock: Pick<Clock, 'nowMs'> };
  };
  readonly operation: Pick<SingleOperation, 'projectId' | 'request'>;
};

/**
 * Opens the memory of contents that verifications have proved. It is used for contents that are no parts of a volume. An
 * ETag shows that an object was replaced but not that its bytes have decayed, so nothing counts that was proved before
 * the time in the request.
 */
export function openRememberedObjects({ services, operation }: Remembering): OpenProvedObjects {
  const { catalogue, world } = services;
  const { readAfterMs, objectsReadAfterMs = readAfterMs } = verifyRequestOf(operation.request);
  return ({ volumeBytes, location: { storageUnitId, bucketName } }) => {
    if (volumeBytes !== null) return null;
    const place = { projectId: operation.projectId, storageUnitId, bucketName };
    return {
      async find(jobs) {
        const wanted = jobs.flatMap((job) => {
          const object = provedObjectOf(job);
          return object === null ? [] : [{ job, object }];
        });
        const keys = wanted.map(({ object }) => object.key);
        const made = { checkVersion: contentCheckVersion, sinceMs: objectsReadAfterMs };
        const found = new Set(
          (await catalogue.provedObjects.findProvedObjects(place, keys, made)).map((object) => textOf(object)),
        );
        return new Set(wanted.filter(({ object }) => found.has(textOf(object))).map(({ job }) => job));
      },
      async keep(jobs) {
        const objects = jobs.map(provedObjectOf).filter((object) => object !== null);
        if (objects.length === 0) return;
        const made = { checkVersion: contentCheckVersion, provedAtMs: world.clock.nowMs() };
        await catalogue.provedObjects.keepProvedObjects(place, objects, made);
      },
      async drop(jobs) {
        const objects = jobs.map(provedObjectOf).filter((object) => object !== null);
        if (objects.length === 0) return;
        const made = { checkVersion: contentCheckVersion, provedAtMs: world.clock.nowMs() };
        // No content has this digest, so nothing is taken for proved any more.
        const unproved = objects.map((object) => ({ ...object, digest: 'wrong' }));
        await catalogue.provedObjects.keepProvedObjects(place, unproved, made);
      },
    };
  };
}

/** Forgets what a project has remembered for too long, and what is too much. */
export async function forgetOldObjects({ services: { catalogue, world }, operation }: Remembering): Promise<void> {
  const beforeMs = world.clock.nowMs() - keptForMs;
  await catalogue.provedObjects.pruneProvedObjects(operation.projectId, { beforeMs, keptMax: keptObjectsMax });
}

/** Null if the object cannot be recognised again, or if no digest proves it. */
function provedObjectOf({ object }: ContentJob): ProvedObject | null {
  const { key, storedBytes, part, length, compression, plainDigest, storedDigest } = object;
  const etag = object.etag ?? timeTag(object.modifiedAtMs);
  if (etag === null || (plainDigest ?? storedDigest) === null || Buffer.byteLength(key) > keyBytesMax) return null;
  const digests = [digestText(storedDigest), digestText(plainDigest)];
  return {
    key,
    firstByte: part?.start ?? 0,
    etag,
    size: part?.objectBytes ?? storedBytes,
    digest: [storedBytes, compression, length, ...digests].join(' '),
  };
}

/** What tells a file of a directory from one that replaced it. No ETag has a blank. */
function timeTag(modifiedAtMs: number | undefined): string | null {
  return modifiedAtMs === undefined ? null : `modified ${modifiedAtMs}`;
}

function digestText(digest: Digest | null): string {
  return digest === null ? '-' : `${digest.algorithm}:${digest.hex.toLowerCase()}`;
}

function textOf({ key, firstByte, etag, size, digest }: ProvedObject): string {
  return JSON.stringify([key, firstByte, etag, size, digest]);
}
