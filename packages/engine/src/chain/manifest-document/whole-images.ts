import type { ObjectEntry } from '../../storage/port.ts';
import type { ImageContext, WholeImage } from '../disk-image/whole-image.ts';
import { beginsAsQcow2 } from '../qcow2/header.ts';
import { openWholeImage } from '../qcow2/whole-image.ts';
import { beginsAsSparse } from '../vmdk/sparse-header.ts';
import { openWholeDisk } from '../vmdk/whole-disk.ts';

/** A compression of objects that are disk images. */
export type ImageKind = 'qcow2' | 'vmdk';

const kinds: Readonly<
  Record<
    ImageKind,
    {
      readonly begins: (start: Uint8Array) => boolean;
      readonly open: (context: ImageContext, entry: ObjectEntry) => Promise<WholeImage>;
    }
  >
> = {
  qcow2: { begins: beginsAsQcow2, open: openWholeImage },
  vmdk: { begins: beginsAsSparse, open: openWholeDisk },
};

/** Whether objects of this compression are disk images. */
export function isImageKind(compression: string): compression is ImageKind {
  return Object.hasOwn(kinds, compression);
}

/** The kind of image that a file is by its first bytes; null if it is none. */
export function imageKindOf(start: Uint8Array): ImageKind | null {
  return kinds.qcow2.begins(start) ? 'qcow2' : kinds.vmdk.begins(start) ? 'vmdk' : null;
}

/** Opens an image. Throws `ReadFault` if it needs another file, or cannot be read, and storage errors. */
export function openImageOf(kind: ImageKind, context: ImageContext, entry: ObjectEntry): Promise<WholeImage> {
  return kinds[kind].open(context, entry);
}
