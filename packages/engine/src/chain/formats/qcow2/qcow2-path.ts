/** A disk image of QEMU, as its key shows it. */
export type Qcow2Path = {
  readonly imagePath: string;
  /** The name of the file without its ending. */
  readonly name: string;
};

const ending = /\.qcow2$/i;

/** Reads the key of an image; null if it does not end as one. */
export function parseQcow2Path(key: string): Qcow2Path | null {
  const name = nameOf(key);
  return ending.test(name) && name.length > '.qcow2'.length ? { imagePath: key, name: shortNameOf(key) } : null;
}

/** The name of a file without its folder, and without the ending of images. Other images may be backing files. */
export function shortNameOf(key: string): string {
  return nameOf(key).replace(ending, '');
}

/** The folder of a key, with a slash at the end; empty at the top of the bucket. */
export function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}

function nameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}
