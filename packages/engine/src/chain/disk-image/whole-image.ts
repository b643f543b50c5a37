import type { BucketContext } from '../chain-context.ts';
import type { StoredObject, ZeroRun } from '../data.ts';
import type { ImageSource } from './image-source.ts';

/** What reading an image needs. */
export type ImageContext = BucketContext & { readonly nowMs: () => number };

/** A disk image that gives its disk without any other file. */
export type WholeImage = {
  readonly source: ImageSource;
  /** Bytes of the disk. */
  readonly size: number;
  /** The smallest unit that the image stores, in bytes. */
  readonly alignment: number;
  /** The parts of the image that the disk consists of. All other bytes of the disk are zeros. */
  readonly objects: (context: ImageContext) => AsyncGenerator<readonly (StoredObject | ZeroRun)[]>;
};
