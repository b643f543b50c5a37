import { statSync } from 'node:fs';

/** The path of an open file leads elsewhere or nowhere. The message is for the operator. */
export class DataDirectoryGoneError extends Error {
  override readonly name = 'DataDirectoryGoneError';

  constructor(path: string) {
    super(
      `${path} was moved, replaced or removed while it was in use, so nothing more is accepted. ` +
        'Put the data directory back, then start again.',
    );
  }
}

/**
 * Files that this process has open, by device and inode. What is written to a file that was removed is lost, whatever
 * SQLite answers: its descriptor stays good.
 *
 * Files are looked at by path and never opened: closing a descriptor would drop SQLite's locks on the file (POSIX).
 */
export class HeldFiles {
  readonly #identities: ReadonlyMap<string, string>;

  /** Takes the files that these paths lead to now. Throws {@link DataDirectoryGoneError} if one leads nowhere. */
  constructor(paths: readonly string[]) {
    this.#identities = new Map(paths.map((path) => [path, identityOf(path) ?? fail(path)]));
  }

  /** Throws {@link DataDirectoryGoneError} unless every path still leads to the file that it led to at first. */
  check(): void {
    for (const [path, identity] of this.#identities) if (identityOf(path) !== identity) fail(path);
  }

  areThere(): boolean {
    return [...this.#identities].every(([path, identity]) => identityOf(path) === identity);
  }
}

/** Null if the path leads nowhere. Throws what else the file system says. */
function identityOf(path: string): string | null {
  try {
    // As big integers: an inode may be greater than a number is exact.
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
