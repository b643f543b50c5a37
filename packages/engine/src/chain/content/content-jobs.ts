import { createHash } from 'node:crypto';
import type { ContentLink, LinkData, StoredObject, VolumeLink, ZeroRun } from '../data.ts';
import { ReadFault } from '../proof/read-fault.ts';
import type { ContentJob } from './content-job.ts';
import { HashCursor } from './hash-cursor.ts';

/**
 * Yields the objects of a link in order, each with the expected digest of its blocks. Skips the first `startAfter`.
 *
 * Throws `ReadFault` `geometry` if objects overlap, exceed the volume or do not fit its blocks, and the errors of
 * reading the metadata.
 */
export async function* contentJobs(link: LinkData, startAfter: number): AsyncGenerator<ContentJob> {
  if (link.volumeBytes === null) yield* contentsOf(link, startAfter);
  else yield* objectsOf(link, startAfter);
}

async function* contentsOf(link: ContentLink, startAfter: number): AsyncGenerator<ContentJob> {
  let index = 0;
  for await (const batch of link.objects()) {
    for (const object of batch) {
      index += 1;
      if (index > startAfter) yield { object, blocks: null };
    }
  }
}

async function* objectsOf(link: VolumeLink, startAfter: number): AsyncGenerator<ContentJob> {
  const { blocks } = link;
  const cursor = blocks === null ? null : new HashCursor(blocks.hashes());
  let index = 0;
  let end = 0;
  try {
    for await (const batch of link.objects()) {
      for (const object of batch) {
        checkPlace(link, object, end);
        end = object.offset + object.length;
        if (object.key === null) continue;
        index += 1;
        if (index <= startAfter) continue;
        const digest = blocks === null || cursor === null ? null : await digestBlocks(cursor, blocks.bytes, object);
        yield { object, blocks: digest };
      }
    }
  } finally {
    await cursor?.close();
  }
}

async function digestBlocks(cursor: HashCursor, blockBytes: number, { offset, length }: StoredObject) {
  const digest = createHash('sha256');
  const first = offset / blockBytes;
  await cursor.take(first - cursor.block, () => {});
  await cursor.take(Math.ceil((offset + length) / blockBytes) - first, (hashes) => digest.update(hashes));
  return { blockBytes, hex: digest.digest('hex') };
}

function checkPlace({ blocks, volumeBytes }: VolumeLink, object: StoredObject | ZeroRun, previousEnd: number) {
  const { offset, length } = object;
  const key = object.key ?? 'a run of zeros';
  const end = offset + length;
  if (offset < previousEnd)
    throw geometry(`${key} starts at byte ${offset}, but the object before it ends at byte ${previousEnd}`);
  if (end > volumeBytes)
    throw geometry(`${key} ends at byte ${end}, beyond the end of the volume (${volumeBytes} bytes)`);
  if (blocks === null) return;
  if (offset % blocks.bytes !== 0) throw geometry(`${key} starts at byte ${offset}, inside a block`);
  if (end % blocks.bytes !== 0 && end !== volumeBytes) throw geometry(`${key} ends at byte ${end}, inside a block`);
}

function geometry(detail: string): ReadFault {
  return new ReadFault({ code: 'geometry', detail }, false);
}
