import { createHash } from 'node:crypto';
import { quote } from '../../../quote.ts';
import { BoundedJson, JsonFault, type JsonScalar, type JsonVisitor } from '../../json/bounded-json.ts';
import { type EntryScanner, walkEntries } from '../../json/walk-entries.ts';
import type { EtagComparison } from './etag-comparison.ts';
import { isBackupId, objectNumberOf, objectSuffix } from './image-path.ts';
import { type CinderCompression, cinderCompressions, NamedObjects } from './named-objects.ts';
import { ObjectEntryScanner } from './object-entry-scanner.ts';

/** The text fields of the top level that the proof uses. */
const textKeys = ['version', 'backup_id', 'volume_id', 'created_at', 'parent_id'] as const;
/** Maximum number of characters in one of these fields, as in Cinder's own database. */
export const textCharactersMax = 255;
type TextKey = (typeof textKeys)[number];

/** The parts of a backup's `_metadata` that the proof needs. */
export type CinderMetadata = {
  readonly version: string;
  readonly backupId: string;
  readonly volumeId: string;
  /** Text of a Python datetime, as written; null if there is none. */
  readonly createdAt: string | null;
  /** Null for a full backup. Undefined if the key is absent: writers before 2015 knew only full backups. */
  readonly parentId: string | null | undefined;
  readonly objects: NamedObjects;
  /** The first object name that belongs to another backup; null if there is none. */
  readonly foreignName: string | null;
  /** SHA-256 of the bytes, hex. */
  readonly contentId: string;
};

/** The result of reading `_metadata`. `version` is set if it was readable even though the rest was not. */
export type MetadataReading =
  | { readonly kind: 'read'; readonly metadata: CinderMetadata }
  | {
      readonly kind: 'unreadable';
      readonly detail: string;
      readonly truncated: boolean;
      readonly version: string | null;
    };

/**
 * Reads `_metadata` in pieces. An unexpected shape does not end the reading: the version comes late, and may show that
 * another shape is right. `objectName` is the name of the objects before their number.
 *
 * No more than `objectsMax` objects are kept, because a file of any size may be put there. Their MD5s are kept or, with
 * `etags`, compared.
 */
export async function readMetadata(
  bytes: AsyncIterable<Uint8Array>,
  objectName: string,
  objectsMax = Number.POSITIVE_INFINITY,
  etags: EtagComparison | null = null,
): Promise<MetadataReading> {
  const collector = new MetadataCollector(objectName, new NamedObjects(objectsMax, etags));
  const json = new BoundedJson(collector);
  const hash = createHash('sha256');
  try {
    for await (const piece of bytes) {
      hash.update(piece);
      walkEntries(piece, json, collector);
    }
    json.end();
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    const version = collector.text('version');
    return { kind: 'unreadable', detail: error.message, truncated: error.truncated, version: version ?? null };
  }
  return collector.finish(hash.digest('hex'));
}

type ObjectFields = {
  offset: number | null;
  length: number | null;
  compression: CinderCompression | null;
  md5: string | null;
};

class MetadataCollector implements JsonVisitor, EntryScanner {
  readonly #objectName: string;
  readonly #objects: NamedObjects;
  readonly #scanner: ObjectEntryScanner;
  readonly #texts = new Map<string, string | null>();
  readonly #seenKeys = new Set<string>();
  #foreignName: string | null = null;
  /** The first fault that was found. */
  #problem: string | null = null;
  #topKey = '';
  #entryIndex = -1;
  #entryName: string | null = null;
  #field = '';
  #fields: ObjectFields = { offset: null, length: null, compression: null, md5: null };

  constructor(objectName: string, objects: NamedObjects) {
    this.#objectName = objectName;
    this.#objects = objects;
    this.#scanner = new ObjectEntryScanner(objectName, objects);
  }

  scan(bytes: Uint8Array, from: number): number {
    const before = this.#namedCount;
    const end = this.#scanner.scan(bytes, from);
    this.#entryIndex += this.#namedCount - before;
    return end;
  }

  text(key: TextKey): string | null | undefined {
    return this.#texts.get(key);
  }

  beginObject(depth: number): void {
    if (depth === 1) this.#refuseContainer(false);
    if (!this.inEntries) return;
    if (depth === 2) {
      this.#entryIndex += 1;
      this.#entryName = null;
    } else if (depth === 3) this.#fields = { offset: null, length: null, compression: null, md5: null };
    else if (depth > 3) this.#refuseEntry(`has no number or text as ${quote(this.#field)}`);
  }

  beginArray(depth: number): void {
    if (depth === 0) this.#refuse('must be an object');
    if (depth === 1) this.#refuseContainer(true);
    if (this.inEntries && depth > 1) this.#refuseEntry('contains an array');
  }

  end(depth: number): void {
    if (!this.inEntries) return;
    if (depth === 3) this.#addEntry();
    if (depth === 2 && this.#entryName === null) this.#refuseEntry('names no object');
  }

  key(name: string, depth: number): void {
    if (depth === 1) {
      this.#topKey = name;
      const matters = name === 'objects' || textKeys.some((key) => key === name);
      if (matters && this.#seenKeys.has(name)) this.#refuse(`has ${name} twice`);
      if (matters) this.#seenKeys.add(name);
    } else if (this.inEntries && depth === 3) {
      if (this.#entryName !== null) this.#refuseEntry('names more than one object');
      this.#entryName = name;
    } else if (depth === 4) this.#field = name;
  }

  scalar(value: JsonScalar, depth: number): void {
    if (depth === 0) this.#refuse('must be an object');
    else if (depth === 1) this.#takeTop(value);
    else if (!this.inEntries) return;
    else if (depth === 4) this.#takeField(value);
    else {
      if (depth === 2) this.#entryIndex += 1;
      this.#refuseEntry('must be an object with one key, whose value is an object');
    }
  }

  finish(contentId: string): MetadataReading {
    const version = this.text('version');
    const backupId = this.text('backup_id');
    const volumeId = this.text('volume_id');
    if (!this.#seenKeys.has('objects')) this.#refuse('has no objects');
    if (typeof version !== 'string') this.#refuse('has no version');
    if (typeof backupId !== 'string') this.#refuse('has no backup_id');
    if (typeof volumeId !== 'string') this.#refuse('has no volume_id');
    this.#refuseRepeatedNumbers();
    if (this.#problem !== null || version == null || backupId == null || volumeId == null) {
      return { kind: 'unreadable', detail: this.#problem ?? '', truncated: false, version: version ?? null };
    }
    const metadata: CinderMetadata = {
      version,
      backupId,
      volumeId,
      createdAt: this.text('created_at') ?? null,
      parentId: this.text('parent_id'),
      objects: this.#objects,
      foreignName: this.#foreignName,
      contentId,
    };
    return { kind: 'read', metadata };
  }

  get inEntries(): boolean {
    return this.#topKey === 'objects';
  }

  /** Includes objects that were too many to keep. */
  get #namedCount(): number {
    return this.#objects.count + this.#objects.leftOut;
  }

  #takeTop(value: JsonScalar): void {
    if (this.#topKey === 'objects') this.#refuse('objects must be an array');
    if (!textKeys.some((key) => key === this.#topKey)) return;
    if (typeof value !== 'string' && value !== null) this.#refuse(`${this.#topKey} must be text`);
    else if (value !== null && value.length > textCharactersMax) {
      this.#refuse(`${this.#topKey} must have at most ${textCharactersMax} characters`);
    } else if (this.#topKey === 'parent_id' && value !== null && !isBackupId(value)) {
      this.#refuse('parent_id must be a UUID or null');
    } else this.#texts.set(this.#topKey, value);
  }

  #refuseContainer(isArray: boolean): void {
    if (textKeys.some((key) => key === this.#topKey)) this.#refuse(`${this.#topKey} must be text`);
    else if (this.inEntries && !isArray) this.#refuse('objects must be an array');
  }

  #takeField(value: JsonScalar): void {
    switch (this.#field) {
      case 'offset':
      case 'length':
        if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
          this.#refuse(`objects[${this.#entryIndex}].${this.#field} must be a number of bytes`);
        } else this.#fields[this.#field] = value;
        return;
      case 'compression':
        this.#fields.compression = cinderCompressions.find((known) => known === value) ?? null;
        if (this.#fields.compression === null) this.#refuseEntry('has an unknown compression');
        return;
      case 'md5':
        if (typeof value !== 'string' || !/^[0-9a-f]{32}$/i.test(value)) {
          this.#refuse(`objects[${this.#entryIndex}].md5 must be 32 hex digits`);
        } else this.#fields.md5 = value;
    }
  }

  #addEntry(): void {
    const { offset, length, compression, md5 } = this.#fields;
    const name = this.#entryName ?? '';
    if (offset === null || length === null || compression === null || md5 === null) {
      this.#refuseEntry('lacks one of offset, length, compression and md5');
      return;
    }
    if (!name.startsWith(this.#objectName)) {
      this.#foreignName ??= name;
      return;
    }
    const number = objectNumberOf(name.slice(this.#objectName.length));
    if (number === null) this.#refuseEntry(`has the name ${quote(name)}, which has no object number`);
    else this.#objects.add(number, { offset, length, compression, md5: Buffer.from(md5, 'hex') });
  }

  #refuseRepeatedNumbers(): void {
    let last = 0;
    for (let place = 0; place < this.#objects.count; place += 1) {
      const number = this.#objects.numberAt(this.#objects.rowAt(place));
      if (number === last) this.#refuse(`names object ${objectSuffix(number)} twice`);
      last = number;
    }
  }

  #refuseEntry(problem: string): void {
    this.#refuse(`objects[${this.#entryIndex}] ${problem}`);
  }

  #refuse(problem: string): void {
    this.#problem ??= problem;
  }
}
