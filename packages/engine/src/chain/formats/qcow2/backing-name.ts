import { hasDrive, keysOfPath } from '../../disk-image/keys-of-path.ts';
import { folderOf } from './qcow2-path.ts';

/** Where a backing file may be in the bucket: keys, the likeliest first. Null if it is no file, such as an NBD export. */
export type BackingKeys = readonly string[] | null;

/** As QEMU tells a protocol from the name of a file: a colon before the first slash. */
const protocol = /^([^/:]*):/;
const fileDrivers: readonly unknown[] = ['file', 'host_device', undefined];
/** Levels of a description in JSON that are searched for the name of a file. */
const depthMax = 8;

/** Finds the keys at which the backing file of an image may be. See {@link keysOfPath}. */
export function backingKeysOf(imagePath: string, backingName: string): BackingKeys {
  const path = pathOf(backingName);
  if (path === null) return null;
  const keys = keysOfPath(folderOf(imagePath), path);
  return keys.length === 0 ? null : keys;
}

/** The path of a file; null if the name is of something else. */
function pathOf(name: string): string | null {
  if (name.startsWith('json:')) return fileNameIn(parseJson(name.slice('json:'.length)), depthMax);
  if (hasDrive(name)) return name;
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
