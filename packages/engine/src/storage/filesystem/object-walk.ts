import { type Dirent, lstat as lstatWithCallback, type Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type ListFoldersRequest, type ListRequest, listPageEntriesMax, type ObjectEntry } from '../port.ts';
import type { BucketDirectory } from './bucket-directory.ts';
import { type BytePath, toBytePath, toBytes, toText } from './byte-path.ts';
import { DirectoryInHand } from './directory-in-hand.ts';
import { modifiedAtMsOf } from './file-identity.ts';
import { isVanished } from './filesystem-error.ts';

/**
 * The cheapest form of `lstat`, because a listing calls it for each object. The form in `fs/promises` costs more, and
 * so do times in nanoseconds.
 */
const lstat = promisify(lstatWithCallback);

/** Files whose size is requested at the same time: a network file system takes a while for each. */
const concurrentStats = 32;

/** A directory or file as its directory shows it. */
type Child = {
  /** The key's segment at this place. A directory ends with "/", which puts it in the order of keys. */
  readonly name: BytePath;
  /** Without links. */
  readonly path: BytePath;
  readonly isDirectory: boolean;
  readonly isLink: boolean;
};

/** The path to a directory. */
type Way = {
  /** The directories from the bucket down to it, links resolved. */
  readonly trail: readonly BytePath[];
  /**
   * Whether one of them was reached through a link. If so, no further link to a directory is followed: a few
   * directories that link to each other would otherwise show every object once for each possible path.
   */
  readonly behindLink: boolean;
};

/** A directory on the path from the bucket to the walk's current position. */
type Level = {
  readonly path: BytePath;
  /** The beginning of all keys in it: empty, or ending with "/". */
  readonly keyPrefix: BytePath;
  readonly behindLink: boolean;
  readonly children: readonly Child[];
  next: number;
};

/**
 * Yields the objects of a bucket whose key starts with `prefix` and sorts after `after`, in at least one page.
 *
 * Keeps in memory only the names in the directories on the current path, never those of the whole bucket. No directory
 * is open while the caller reads a page. Throws file system errors.
 */
export async function* walkObjects(
  bucket: BucketDirectory,
  { prefix, after = '', signal }: Omit<ListRequest, 'bucket'>,
): AsyncGenerator<readonly ObjectEntry[]> {
  const wanted = toBytePath(prefix);
  const passed = toBytePath(after);
  const start = wanted.lastIndexOf('/') + 1;
  const { trail, behindLink } = await findFolders(bucket, wanted.slice(0, start));
  const levels: Level[] = [];
  using inHand = new DirectoryInHand(bucket);
  const enter = async (path: BytePath, behindLink: boolean, keyPrefix: BytePath, namePrefix: BytePath) => {
    signal?.throwIfAborted();
    const children = await readChildren(bucket, inHand, path, behindLink, namePrefix);
    levels.push({ path, keyPrefix, behindLink, children, next: firstBehind(children, keyPrefix, passed) });
  };

  const first = trail.at(-1);
  if (first !== undefined) await enter(first, behindLink, wanted.slice(0, start), wanted.slice(start));
  let page: ObjectEntry[] = [];
  let pages = 0;
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const child = level.children[level.next];
    if (child === undefined) {
      levels.pop();
    } else if (child.isDirectory) {
      level.next += 1;
      // A link back to a directory on the current path would never end.
      const turnsBack = trail.includes(child.path) || levels.some((each) => each.path === child.path);
      if (!turnsBack) await enter(child.path, level.behindLink || child.isLink, level.keyPrefix + child.name, '');
    } else {
      signal?.throwIfAborted();
      const files = takeFiles(level, Math.min(concurrentStats, listPageEntriesMax - page.length));
      page.push(...(await describeFiles(bucket, inHand, level, files)));
      if (page.length === listPageEntriesMax) {
        // The reader of the page may take a long time, or never ask for the next.
        inHand.release();
        yield page;
        pages += 1;
        page = [];
      }
    }
  }
  // Vanished directories were treated as empty. That is correct only if the bucket itself still exists.
  inHand.release();
  await bucket.confirm();
  if (page.length > 0 || pages === 0) yield page;
}

/** Yields the folders directly below `prefix`, in at least one page. Throws file system errors. */
export async function* walkFolders(
  bucket: BucketDirectory,
  { prefix }: Omit<ListFoldersRequest, 'bucket'>,
): AsyncGenerator<readonly string[]> {
  const wanted = toBytePath(prefix);
  const start = wanted.lastIndexOf('/') + 1;
  const keyPrefix = wanted.slice(0, start);
  const { trail, behindLink } = await findFolders(bucket, keyPrefix);
  const directory = trail.at(-1);
  using inHand = new DirectoryInHand(bucket);
  const children =
    directory === undefined ? [] : await readChildren(bucket, inHand, directory, behindLink, wanted.slice(start));
  inHand.release();
  await bucket.confirm();
  const folders = children.filter(({ isDirectory }) => isDirectory).map(({ name }) => toText(keyPrefix + name));
  for (let from = 0; from === 0 || from < folders.length; from += listPageEntriesMax) {
    yield folders.slice(from, from + listPageEntriesMax);
  }
}

/** The index of the first child that is, or may lead to, a key after `passed`. */
function firstBehind(children: readonly Child[], keyPrefix: BytePath, passed: BytePath): number {
  const index = children.findIndex(({ name, isDirectory }) => {
    const key = keyPrefix + name;
    return key > passed || (isDirectory && passed.startsWith(key));
  });
  return index === -1 ? children.length : index;
}

/**
 * The path from the bucket down to `folders` (empty, or ending with "/"). Its trail is empty if there is no such place.
 */
async function findFolders(bucket: BucketDirectory, folders: BytePath): Promise<Way> {
  const nowhere: Way = { trail: [], behindLink: false };
  const trail = [bucket.path];
  let behindLink = false;
  for (const folder of folders.split('/').slice(0, -1)) {
    if (folder === '' || folder === '.' || folder === '..' || folder.includes('\0')) return nowhere;
    const path = `${trail.at(-1)}/${folder}`;
    const found = await bucket.resolve(path);
    if (found === null || !found.inside || trail.includes(found.path)) return nowhere;
    const isLink = found.path !== path;
    if (isLink && behindLink) return nowhere;
    behindLink ||= isLink;
    trail.push(found.path);
  }
  return { trail, behindLink };
}

/** The entries of a directory that can lead to objects, in key order. A vanished directory has none. */
async function readChildren(
  bucket: BucketDirectory,
  inHand: DirectoryInHand,
  path: BytePath,
  behindLink: boolean,
  namePrefix: BytePath,
): Promise<readonly Child[]> {
  const through = await inHand.take(path);
  if (through === null) return [];
  let entries: Dirent<Buffer>[];
  try {
    entries = await readdir(toBytes(through), { encoding: 'buffer', withFileTypes: true });
  } catch (error) {
    if (isVanished(error)) return [];
    throw error;
  }
  const children: Child[] = [];
  for (const entry of entries) {
    const name = entry.name.toString('latin1');
    if (!name.startsWith(namePrefix)) continue;
    const child = entry.isSymbolicLink()
      ? await followLink(bucket, `${path}/${name}`)
      : { path: `${path}/${name}`, isDirectory: entry.isDirectory(), isFile: entry.isFile() };
    if (child === null || !(child.isDirectory || child.isFile)) continue;
    const isLink = entry.isSymbolicLink();
    if (behindLink && isLink && child.isDirectory) continue;
    // A name that is not UTF-8 cannot be a key. It is shown in the closest text form, so that people see the stray
    // object; `get` does not find it.
    const shown = toBytePath(toText(name));
    const { path: childPath, isDirectory } = child;
    children.push({ name: isDirectory ? `${shown}/` : shown, path: childPath, isDirectory, isLink });
  }
  children.sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
  return children.filter((child, index) => child.name !== children[index - 1]?.name);
}

/** The target of a link if it is in the bucket, otherwise null. */
async function followLink(
  bucket: BucketDirectory,
  link: BytePath,
): Promise<{ path: BytePath; isDirectory: boolean; isFile: boolean } | null> {
  const target = await bucket.resolve(link);
  if (target === null || !target.inside) return null;
  const found = await bucket.stat(target.path);
  return found && { path: target.path, isDirectory: found.isDirectory(), isFile: found.isFile() };
}

/** Takes the next files of a level, up to `max`, and moves past them. */
function takeFiles(level: Level, max: number): readonly Child[] {
  const first = level.next;
  while (level.next - first < max && level.children[level.next]?.isDirectory === false) level.next += 1;
  return level.children.slice(first, level.next);
}

async function describeFiles(
  bucket: BucketDirectory,
  inHand: DirectoryInHand,
  { path, keyPrefix }: Level,
  files: readonly Child[],
): Promise<readonly ObjectEntry[]> {
  const through = await inHand.take(path);
  if (through === null) return [];
  const found = await Promise.all(
    files.map((file) =>
      file.isLink ? bucket.stat(file.path) : statUnlessGone(`${through}/${file.path.slice(path.length + 1)}`),
    ),
  );
  const entries: ObjectEntry[] = [];
  for (const [index, file] of files.entries()) {
    const stats = found[index];
    // Gone, or replaced by something else since the directory was read.
    if (!stats?.isFile()) continue;
    entries.push({
      key: toText(keyPrefix + file.name),
      size: Number(stats.size),
      etag: null,
      modifiedAtMs: modifiedAtMsOf(stats),
      archived: false,
    });
  }
  return entries;
}

async function statUnlessGone(path: BytePath): Promise<Stats | null> {
  try {
    return await lstat(toBytes(path));
  } catch (error) {
    if (isVanished(error)) return null;
    throw error;
  }
}
