import { open, readFile } from 'node:fs/promises';
import { beginsAsDescriptor, descriptorBytesMax, parseDescriptor } from '../vmdk/descriptor.ts';
import { flatTypes } from '../vmdk/place-extents.ts';
import { sectorBytes } from '../vmdk/sparse-header.ts';
import { type ImagePiece, ManifestCreationError } from './image-pieces.ts';

const changeTracking = /-ctk\.vmdk$/i;

/**
 * Finds the extents of a flat VMDK disk among the files of a directory, in the order of the disk. Null if no file is the
 * descriptor of a disk. Throws {@link ManifestCreationError} if the disk needs another file, or is not flat.
 */
export async function findFlatExtents(files: readonly ImagePiece[]): Promise<readonly ImagePiece[] | null> {
  let found: ImagePiece | null = null;
  for (const file of files) if (await isDescriptor(file)) found ??= file;
  if (found === null) return null;
  const { path, name: ownName } = found;
  const reading = parseDescriptor(await readFile(path));
  if (reading.kind === 'unreadable') throw new ManifestCreationError(`${path}: ${reading.detail}`);
  const { extents, parentContentId } = reading.descriptor;
  const hint = 'write it as one whole file first, with "qemu-img convert -O vmdk"';
  if (parentContentId !== null) throw new ManifestCreationError(`${path}: it needs its parent: ${hint}`);
  const pieces: ImagePiece[] = [];
  let offset = 0;
  for (const { type, fileName, sectors, startSector } of extents) {
    const file = files.find(({ name }) => name === fileName);
    const length = sectors * sectorBytes;
    if (!flatTypes.includes(type) || startSector !== 0) {
      throw new ManifestCreationError(`${path}: its data is not in whole flat files: ${hint}`);
    }
    if (file?.length !== length) {
      throw new ManifestCreationError(
        `${path} needs a file ${fileName} of ${length} bytes: finish copying the disk first`,
      );
    }
    pieces.push({ ...file, offset });
    offset += length;
  }
  const isKnown = ({ name }: ImagePiece) => name === ownName || pieces.some((piece) => piece.name === name);
  const other = files.find((file) => !isKnown(file) && !changeTracking.test(file.name));
  if (other !== undefined)
    throw new ManifestCreationError(`${other.path} is not part of the disk of ${path}: remove it`);
  return pieces;
}

async function isDescriptor({ path, length }: ImagePiece): Promise<boolean> {
  if (length > descriptorBytesMax) return false;
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(new Uint8Array(64), 0, 64, 0);
  return beginsAsDescriptor(buffer.subarray(0, bytesRead));
}
