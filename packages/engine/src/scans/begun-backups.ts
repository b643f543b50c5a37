import type { BackupPart } from '../chain/format.ts';
import type { KnownFormat } from '../chain/formats/formats.ts';
import type { ObjectEntry } from '../storage/port.ts';

/** A part of a backup, by the format whose it is. */
type FormatPart = BackupPart & { readonly format: KnownFormat };

/** A backup of which a listing shows objects, and no commit mark. */
export type BegunBackup = FormatPart & {
  /** When the newest of its objects was written. Milliseconds since 1970. */
  readonly newestAtMs: number;
};

type Open = { readonly begun: FormatPart; isCommitted: boolean; newestAtMs: number };

/**
 * Tells the backups that were begun and not committed, while a listing streams by in the order of its keys: all keys of
 * a backup begin with its image path, so that it is known whole at the first that does not. Open at a time are only
 * backups whose image paths begin one another.
 */
export class BegunBackups {
  readonly #prefix: string;
  #open: Open[] = [];

  /** Backups that begin before `prefix`, whose mark may thus not be listed, are left out. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Takes the next object, with the backup that it is a part of, and gives those that were not committed. */
  add(
    { key, modifiedAtMs }: Pick<ObjectEntry, 'key' | 'modifiedAtMs'>,
    part: FormatPart | null,
  ): readonly BegunBackup[] {
    const ended = this.#open.every(({ begun }) => key.startsWith(begun.imagePath)) ? [] : this.#endBefore(key);
    if (part === null) return ended;
    let open = this.#open.find(({ begun }) => begun.markKey === part.markKey);
    if (open === undefined) {
      open = { begun: part, isCommitted: !part.imagePath.startsWith(this.#prefix), newestAtMs: modifiedAtMs };
      this.#open.push(open);
    }
    open.newestAtMs = Math.max(open.newestAtMs, modifiedAtMs);
    if (key === part.markKey) open.isCommitted = true;
    return ended;
  }

  /** The listing is at its end. */
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
