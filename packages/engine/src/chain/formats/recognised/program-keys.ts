import type { BackupPart, KeyOwner } from '../../format.ts';
import type { FormatTime } from '../../proof/link.ts';
import { type Program, type ProgramName, programNames, programs } from './programs.ts';

/** A backup, or a repository of backups, as its image path shows it. */
export type ProgramPlace = {
  readonly imagePath: string;
  /** The name of the backup, or of the folder of a repository; null for a repository at the top of a bucket. */
  readonly name: string | null;
  /** Path of the resource, without a slash at the end; empty at the top of a bucket. */
  readonly resource: string;
  /** When the backup was made; null if the image path does not tell. */
  readonly madeAt: FormatTime | null;
};

const hints = new RegExp(programNames.map((name) => programs[name].hint).join('|'));
let [lastKey, hadHint] = ['', false];

/** Whether a key may prove a backup of any program. Formats are asked for the same key in turn, so the last is kept. */
function hasHint(key: string): boolean {
  if (key !== lastKey) {
    lastKey = key;
    hadHint = hints.test(key);
  }
  return hadHint;
}

/** Reads the keys of one program. Pure. */
class ProgramKeys {
  readonly #program: Program;
  readonly #place: RegExp;
  readonly #part: RegExp;
  readonly #other: RegExp | null;

  constructor(program: Program) {
    const imagePath = `(?<folder>(?:.*/)?)${program.path}`;
    this.#program = program;
    this.#place = new RegExp(`^${imagePath}$`, 's');
    this.#part = new RegExp(`^(?<imagePath>${imagePath})${program.parts}`, 's');
    this.#other = program.others === null ? null : new RegExp(`^(?<imagePath>${imagePath})${program.others}$`, 's');
  }

  /** Reads an image path; null if no backup of the program can have it. */
  placeAt(imagePath: string): ProgramPlace | null {
    const { groups } = this.#place.exec(imagePath) ?? {};
    if (groups === undefined) return null;
    const part = this.partOf(imagePath);
    if (part !== null && part.imagePath !== imagePath) return null;
    const { folder = '', name, resource, time } = groups;
    if (name !== undefined) {
      const path = `${folder}${resource ?? ''}`;
      return { imagePath, name, resource: path.endsWith('/') ? path.slice(0, -1) : path, madeAt: timeOf(time) };
    }
    const repository = this.#program.mark.suffix === '' ? folder.slice(0, -1) : imagePath;
    return { imagePath, name: repository.split('/').at(-1) || null, resource: repository, madeAt: null };
  }

  /** See `RecognisedFormat`. */
  partOf(key: string): BackupPart | null {
    const { mark } = this.#program;
    if (!hasHint(key)) return null;
    const imagePath = this.#part.exec(key)?.groups?.imagePath;
    if (imagePath === undefined) return null;
    return { imagePath, markKey: mark.isWholeKey ? `${imagePath}${mark.suffix}` : null };
  }

  /** See `RecognisedFormat`. */
  ownerOf(key: string): KeyOwner | null {
    const part = this.partOf(key);
    if (part !== null) return { imagePath: part.imagePath, isExact: true };
    const companion = this.#program.companions.find((each) => each.key.test(key));
    if (companion === undefined) return null;
    const imagePath = key.replace(companion.key, companion.imagePath);
    return { imagePath, isExact: !companion.imagePath.includes('<name>') };
  }

  /** The backup that an object of this key belongs to if the mark of that backup is there; null if there is none. */
  possibleOwnerOf(key: string): string | null {
    return this.#other?.exec(key)?.groups?.imagePath ?? null;
  }
}

export type { ProgramKeys };

export const programKeys = Object.fromEntries(
  programNames.map((name) => [name, new ProgramKeys(programs[name])]),
) as Readonly<Record<ProgramName, ProgramKeys>>;

/** Reads a time such as 20260301T020000Z, in any punctuation; null if there is none, or no such date. */
function timeOf(text: string | undefined): FormatTime | null {
  const digits = text?.replaceAll(/\D/g, '') ?? '';
  const [, date, time] = /^(\d{8})(\d{6})$/.exec(digits) ?? [];
  if (text === undefined || date === undefined || time === undefined) return null;
  const iso = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}`;
  const atMs = Date.parse(`${iso}Z`);
  return Number.isNaN(atMs) || atMs < 0 ? null : { atMs, hasZone: text.endsWith('Z') };
}
