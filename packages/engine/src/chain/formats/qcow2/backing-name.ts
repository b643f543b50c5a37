import { folderOf } from './qcow2-path.ts';

/** Where a backing file may be in the bucket: keys, the likeliest first. Null if it is no file, such as an NBD export. */
export type BackingKeys = readonly string[] | null;

/** As QEMU tells a protocol from the name of a file: a colon before the first slash. */
const protocol = /^([^/:]*):/;
const drive = /^[A-Za-z]:[\\/]/;
const fileDrivers: readonly unknown[] = ['file', 'host_device', undefined];
/** Levels of a description in JSON that are searched for the name of a file. */
const depthMax = 8;

/**
 * Finds the keys at which the backing file of an image may be. A name is relative to the image. A name that is absolute,
 * or that leads out of the bucket, is of the writer's host, so the file is looked for next to the image.
 */
export function backingKeysOf(imagePath: string, backingName: string): BackingKeys {
  const path = pathOf(backingName);
  if (path === null) return null;
  const folder = folderOf(imagePath);
  const name = path.split(/[/\\]/).at(-1) ?? '';
  const next = ['', '.', '..'].includes(name) ? null : `${folder}${name}`;
  const isOfHost = path.startsWith('/') || drive.test(path);
  const relative = isOfHost ? null : resolve(folder, path);
  const keys = [...new Set([relative, next])].filter((key) => key !== null).filter((key) => key !== '');
  return keys.length === 0 ? null : keys;
}

/** The path of a file; null if the name is of something else. */
function pathOf(name: string): string | null {
  if (name.startsWith('json:')) return fileNameIn(parseJson(name.slice('json:'.length)), depthMax);
  if (drive.test(name)) return name;
  const scheme = protocol.exec(name)?.[1];
  if (scheme === undefined) return name;
  return scheme === 'file' ? name.slice('file:'.length).replace(/^\/\/(?=\/)/, '') : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A description has the file below the formats that read it, nested or with dots in its keys. */
function fileNameIn(description: unknown, depth: number): string | null {
  if (typeof description !== 'object' || description === null || depth === 0) return null;
  const fields = description as Readonly<Record<string, unknown>>;
  const name = fields.filename;
  if (typeof name === 'string') return fileDrivers.includes(fields.driver) ? pathOf(name) : null;
  const dotted = fields['file.filename'];
  if (typeof dotted === 'string') return fileDrivers.includes(fields['file.driver']) ? dotted : null;
  return fileNameIn(fields.file, depth - 1);
}

/** Null if the path leads out of the bucket. */
function resolve(folder: string, path: string): string | null {
  const segments = folder.split('/').slice(0, -1);
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined) return null;
  }
  return segments.join('/');
}
