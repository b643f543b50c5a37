import { statSync } from 'node:fs';

/** The path of an open file leads to another file or to none. The message is for the operator. */
export class DataDirectoryGoneError extends Error {
  override readonly name = 'DataDirectoryGoneError';

  constructor(path: string) {
    super(
      `${path} was moved, replaced or removed while it was in use, so the catalogue accepts no more calls. ` +
        'Put the data directory back, then start again.',
    );
  }
}

/**
 * Files that this process has open, by device and inode. If such a file was removed, what is written to it is lost, and
 * SQLite reports no error because its descriptor stays valid.
 *
 * Files are checked by path and never opened: closing a descriptor would drop SQLite's locks on the file (POSIX).
 */
export class HeldFiles {
  readonly #identities: ReadonlyMap<string, string>;

  /** Remembers the files that these paths lead to now. Throws {@link DataDirectoryGoneError} if one leads to none. */
  constructor(paths: readonly string[]) {
    this.#identities = new Map(paths.map((path) => [path, identityOf(path) ?? fail(path)]));
  }

  /** Throws {@link DataDirectoryGoneError} unless every path still leads to its first file. */
  check(): void {
    for (const [path, identity] of this.#identities) if (identityOf(path) !== identity) fail(path);
  }

  areThere(): boolean {
    return [...this.#identities].every(([path, identity]) => identityOf(path) === identity);
  }
}

/** Returns device and inode; null if the path leads to no file. Throws other errors of the file system. */
function identityOf(path: string): string | null {
  try {
    // As big integers, because an inode may be too large for an exact number.
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ESTALE') return null;
    throw error;
  }
}

function fail(path: string): never {
  throw new DataDirectoryGoneError(path);
}
