import { readlinkSync } from 'node:fs';
import type { BytePath } from './byte-path.ts';
import { isAbsence } from './filesystem-error.ts';

/** Under which an open file or directory is reached, whatever has become of its path. Linux alone has it. */
export function descriptorPath(descriptor: number): BytePath {
  return `/proc/self/fd/${descriptor}`;
}

/** Where an open file or directory lies, links resolved; null where the system does not show it. Asks the kernel alone. */
export function pathOfDescriptor(descriptor: number): BytePath | null {
  try {
    return readlinkSync(descriptorPath(descriptor), 'latin1');
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}
