import type { ObjectEntry } from '../../../storage/port.ts';
import type { BucketContext } from '../../chain-context.ts';
import { programKeys } from './program-keys.ts';
import { type ProgramName, programs } from './programs.ts';

/**
 * Finds the object that shows that the backup at this image path is there: its commit mark or, in a program without
 * one, the first object that proves it. Null if there is none with content. Lists until it is found. Throws storage
 * errors.
 */
export async function findMark(
  { storage, bucketName, signal }: BucketContext,
  name: ProgramName,
  imagePath: string,
): Promise<ObjectEntry | null> {
  const { mark } = programs[name];
  const prefix = `${imagePath}${mark.suffix}`;
  for await (const page of storage.list({ bucket: bucketName, prefix, signal })) {
    const found = page.find(({ key, size }) => size > 0 && isMark(name, imagePath, key));
    if (found !== undefined) return found;
    if (mark.isWholeKey) return null;
  }
  return null;
}

/** Whether an object of this key shows that the backup at this image path is there. */
export function isMark(name: ProgramName, imagePath: string, key: string): boolean {
  const { mark } = programs[name];
  return mark.isWholeKey
    ? key === `${imagePath}${mark.suffix}`
    : programKeys[name].partOf(key)?.imagePath === imagePath;
}
