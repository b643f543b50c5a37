import type { ObjectEntry } from '../../storage/port.ts';
import type { BucketContext } from '../chain-context.ts';
import { readRange, readStart } from '../read-range.ts';

/** The bytes of a disk image: a listed object, or a part of one, such as a member of an archive. */
export type ImageSource = {
  readonly entry: ObjectEntry;
  /** Number of bytes of the object before the image. */
  readonly start: number;
  readonly bytes: number;
};

/** Reads bytes of an image from `start` to `end`, exclusive. Throws `ReadFault`, and storage errors. */
export async function readImageRange(
  context: BucketContext,
  { entry, start: before }: ImageSource,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<Uint8Array> {
  return await readRange(context, entry, { start: before + start, end: before + end });
}

/** Reads the first bytes of an image, or all of it if it is shorter, with one request. Throws as `readImageRange`. */
export async function readImageStart(context: BucketContext, source: ImageSource, bytes: number): Promise<Uint8Array> {
  const end = Math.min(bytes, source.bytes);
  if (source.start === 0) return await readStart(context, source.entry, end);
  return await readImageRange(context, source, { start: 0, end });
}
