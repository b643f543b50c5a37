import { type BigIntStats, closeSync, constants, fstatSync, open as openWithCallback } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { platform } from 'node:os';
import { promisify } from 'node:util';
import { StorageError } from '../port.ts';
import { type BytePath, toBytes } from './byte-path.ts';
import { descriptorPath, pathOfDescriptor } from './descriptor-path.ts';
import { isVanished } from './filesystem-error.ts';

const openDescriptor = promisify(openWithCallback);

/** Linux's O_PATH, which Node does not name. Opens only the location: anything may be there, readable or not. */
const placeOnly = 0o10_000_000;

/**
 * An open directory. `through` is the path that reaches its contents: by its descriptor if the system supports that,
 * otherwise by its plain path.
 */
export type OpenDirectory = { readonly descriptor: number | null; readonly through: BytePath };

/**
 * Opens a directory whose path has no links, and checks that the opened directory is at that path. Null if it is gone.
 *
 * Throws file system errors, and `unreachable` if another directory is there or the path leads elsewhere by now.
 */
export async function openDirectoryInPlace(path: BytePath, subject: string): Promise<OpenDirectory | null> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY;
  const descriptor = await unlessGone(() => openDescriptor(toBytes(path), flags));
  if (descriptor === null) return null;
  let isKept = false;
  try {
    const opened = pathOfDescriptor(descriptor);
    if (opened === null) return { descriptor: null, through: path };
    if (opened !== path) {
      if (fstatSync(descriptor).nlink === 0) return null;
      throw exchanged(subject);
    }
    isKept = true;
    return { descriptor, through: descriptorPath(descriptor) };
  } finally {
    if (!isKept) closeSync(descriptor);
  }
}

/**
 * Describes the file or directory at a path without links. Null if it is gone; throws as {@link openDirectoryInPlace}.
 */
export async function statInPlace(path: BytePath, subject: string): Promise<BigIntStats | null> {
  if (platform() !== 'linux') return await unlessGone(() => lstat(toBytes(path), { bigint: true }));
  const place = await unlessGone(() => open(toBytes(path), placeOnly | constants.O_NOFOLLOW));
  if (place === null) return null;
  try {
    const stats = await place.stat({ bigint: true });
    const opened = pathOfDescriptor(place.fd);
    if (opened === null || opened === path) return stats;
    if (stats.nlink === 0n) return null;
    throw exchanged(subject);
  } finally {
    await place.close();
  }
}

function exchanged(subject: string): StorageError {
  return new StorageError('unreachable', `${subject}: it, or a directory on its path, was replaced while it was read`);
}

async function unlessGone<Result>(access: () => Promise<Result>): Promise<Result | null> {
  try {
    return await access();
  } catch (error) {
    if (isVanished(error)) return null;
    throw error;
  }
}
