import type { BackupPart } from '../chain/format.ts';
import type { KnownFormat } from '../chain/formats/formats.ts';
import type { ObjectEntry } from '../storage/port.ts';

/** A part of a backup, with the backup's format. */
type FormatPart = BackupPart & { readonly format: KnownFormat };

/** A backup with objects but without a commit mark in a listing. */
export type BegunBackup = FormatPart & {
  /** When the newest of its objects was written. Milliseconds since 1970. */
  readonly newestAtMs: number;
};

type Open = { readonly begun: FormatPart; isCommitted: boolean; newestAtMs: number };

/** What an object shows. */
type Passed = {
  /** Whether the backup of which it is a part is there with this object: see `BackupPart.markKey`. */
  readonly isCommit: boolean;
  /** The backups now complete that were not committed. */
  readonly ended: readonly BegunBackup[];
};

/**
 * Finds the backups without a commit mark in a listing that is read in the order of its keys. All keys of a backup
 * begin with its image path, so a backup is complete at the first key that does not. Only backups whose image paths are
 * prefixes of each other are open at the same time.
 */
export class BegunBackups {
  readonly #prefix: string;
  #open: Open[] = [];

  /** Leaves out backups that begin before `prefix`: their mark may not be listed. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Takes the next object with the backup it is a part of. */
  add(
    { key, size, modifiedAtMs }: Pick<ObjectEntry, 'key' | 'size' | 'modifiedAtMs'>,
    part: FormatPart | null,
  ): Passed {
    const ended = this.#open.every(({ begun }) => key.startsWith(begun.imagePath)) ? [] : this.#endBefore(key);
    if (part === null) return { isCommit: false, ended };
    const { imagePath, markKey } = part;
    let open = this.#open.find(({ begun }) => begun.imagePath === imagePath && begun.markKey === markKey);
    if (open === undefined) {
      open = { begun: part, isCommitted: !part.imagePath.startsWith(this.#prefix), newestAtMs: modifiedAtMs };
      this.#open.push(open);
    }
    open.newestAtMs = Math.max(open.newestAtMs, modifiedAtMs);
    const isCommit = part.markKey === null ? size > 0 && !open.isCommitted : key === part.markKey;
    open.isCommitted ||= isCommit;
    return { isCommit, ended };
  }

  /** Returns the remaining backups that were not committed. Call it at the end of the listing. */
  end(): readonly BegunBackup[] {
    return this.#uncommitted(this.#open);
  }

  #endBefore(key: string): readonly BegunBackup[] {
    const isOver = ({ begun }: Open) => !key.startsWith(begun.imagePath);
    const over = this.#open.filter(isOver);
    this.#open = this.#open.filter((each) => !isOver(each));
    return this.#uncommitted(over);
  }

  #uncommitted(open: readonly Open[]): readonly BegunBackup[] {
    return open.filter(({ isCommitted }) => !isCommitted).map(({ begun, newestAtMs }) => ({ ...begun, newestAtMs }));
  }
}
