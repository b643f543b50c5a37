import { readlinkSync } from 'node:fs';
import type { BytePath } from './byte-path.ts';
import { isAbsence } from './filesystem-error.ts';

/** A path that reaches an open file or directory even if its own path has changed. Linux only. */
export function descriptorPath(descriptor: number): BytePath {
  return `/proc/self/fd/${descriptor}`;
}

/** The path of an open file or directory, links resolved; null if the system does not show it. Asks only the kernel. */
export function pathOfDescriptor(descriptor: number): BytePath | null {
  try {
    return readlinkSync(descriptorPath(descriptor), 'latin1');
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}
