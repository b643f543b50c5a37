import { createHash } from 'node:crypto';
import {
  type ChainManifestHeader,
  chainManifestFormat,
  chainManifestHeader,
  chainManifestObject,
} from '@backup-sync/contracts';
import { quote } from '../../quote.ts';
import { BoundedJson, JsonFault, type JsonScalar, type JsonVisitor } from '../json/bounded-json.ts';
import { readFlatObject } from '../json/flat-object.ts';
import { type EntryScanner, walkEntries } from '../json/walk-entries.ts';
import { ManifestObjects } from './manifest-objects.ts';

/** Maximum number of values and keys outside the list of objects, and in each object. No genuine manifest has more. */
const partsMax = 4096;
/** Maximum number of characters of these values and keys together. */
const textUnitsMax = 1024 * 1024;

/** `manifest.json` of one backup. */
export type Manifest = {
  readonly header: ChainManifestHeader;
  readonly objects: ManifestObjects;
  /** SHA-256 of the bytes, hex. */
  readonly contentId: string;
};

/** The result of reading a `manifest.json`. */
export type ManifestReading =
  | { readonly kind: 'read'; readonly manifest: Manifest }
  | {
      readonly kind: 'unreadable';
      readonly detail: string;
      readonly truncated: boolean;
      /** Whether the document says that it is of this format. */
      readonly claimsFormat: boolean;
      /** Null if it is not known. */
      readonly version: string | null;
    };

/**
 * Reads a manifest in pieces. Keeps at most `objectsMax` objects, because a hostile file may have any size, and their
 * SHA-256 only if `keepsSha256`. Throws the errors of `bytes`.
 */
export async function readManifest(
  bytes: AsyncIterable<Uint8Array>,
  { objectsMax = Number.POSITIVE_INFINITY, keepsSha256 = true } = {},
): Promise<ManifestReading> {
  const collector = new ManifestCollector(new ManifestObjects(objectsMax, keepsSha256));
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
    return collector.unreadable(error.message, error.truncated);
  }
  return collector.finish(hash.digest('hex'));
}

type Fields = { [key: string]: unknown };
type Container = Fields | unknown[];

class ManifestCollector implements JsonVisitor, EntryScanner {
  readonly #objects: ManifestObjects;
  /** Open containers, outermost first. */
  readonly #open: { readonly container: Container; key: string }[] = [];
  #header: Fields = emptyFields();
  #objectIndex = -1;
  #hasObjects = false;
  #partsLeft = partsMax;
  #textUnitsLeft = textUnitsMax;
  /** The first problem found. */
  #problem: string | null = null;

  constructor(objects: ManifestObjects) {
    this.#objects = objects;
  }

  /** Whether the parser is inside the list of objects, at any depth. */
  get inEntries(): boolean {
    return this.#hasObjects && this.#open.length >= 2 && this.#open[0]?.key === 'objects';
  }

  /** Reads valid objects in the usual notation. A general JSON tokenizer takes many times as long. */
  scan(bytes: Uint8Array, from: number): number {
    let end = from;
    while (true) {
      const read = readFlatObject(bytes, end);
      const parsed = chainManifestObject.safeParse(read?.value);
      if (read === null || !parsed.success) return end;
      this.#objectIndex += 1;
      this.#objects.add(parsed.data);
      end = read.end;
    }
  }

  beginObject(): void {
    this.#begin(emptyFields());
  }

  beginArray(depth: number): void {
    if (depth === 1 && this.#open[0]?.key === 'objects' && !this.#hasObjects) {
      this.#hasObjects = true;
      this.#open.push({ container: [], key: '' });
    } else this.#begin([]);
  }

  end(depth: number): void {
    const ended = this.#open.pop();
    if (depth === 2 && this.inEntries && ended !== undefined) this.#addObject(ended.container);
  }

  key(name: string): void {
    this.#spend(name);
    const parent = this.#open.at(-1);
    if (parent === undefined) return;
    parent.key = name;
    const isRepeated = Object.hasOwn(parent.container, name) || (name === 'objects' && this.#isRepeatedObjects());
    if (isRepeated) this.#refuse(`has ${quote(name)} twice`);
  }

  scalar(value: JsonScalar, depth: number): void {
    this.#spend(typeof value === 'string' ? value : '');
    if (depth === 2 && this.inEntries) this.#addObject(value);
    else this.#attach(value);
  }

  unreadable(detail: string, truncated: boolean): ManifestReading {
    const { format, version } = this.#header;
    return {
      kind: 'unreadable',
      detail,
      truncated,
      claimsFormat: format === chainManifestFormat,
      version: typeof version === 'string' ? version : null,
    };
  }

  finish(contentId: string): ManifestReading {
    const header = chainManifestHeader.safeParse(this.#header);
    if (!header.success) this.#refuse(firstIssue('', header.error.issues));
    if (!this.#hasObjects) this.#refuse('objects: must be a list');
    this.#refuseRepeatedKeys();
    if (this.#problem !== null || !header.success) return this.unreadable(this.#problem ?? '', false);
    return { kind: 'read', manifest: { header: header.data, objects: this.#objects, contentId } };
  }

  #isRepeatedObjects(): boolean {
    return this.#open.length === 1 && this.#hasObjects;
  }

  #begin(container: Container): void {
    this.#spend('');
    if (this.#open.length === 0) {
      if (Array.isArray(container)) this.#refuse('must be an object');
      else this.#header = container;
    } else if (!(this.#open.length === 2 && this.inEntries)) this.#attach(container);
    this.#open.push({ container, key: '' });
  }

  #attach(value: unknown): void {
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#refuse('must be an object');
    else if (Array.isArray(parent.container)) parent.container.push(value);
    else parent.container[parent.key] = value;
  }

  #addObject(value: unknown): void {
    this.#objectIndex += 1;
    // The limits apply to each object separately.
    this.#partsLeft = partsMax;
    this.#textUnitsLeft = textUnitsMax;
    const parsed = chainManifestObject.safeParse(value);
    if (parsed.success) this.#objects.add(parsed.data);
    else this.#refuse(firstIssue(`objects[${this.#objectIndex}]`, parsed.error.issues));
  }

  #refuseRepeatedKeys(): void {
    const { keys } = this.#objects;
    const rows = keys.rowsByKey();
    for (let at = 1; at < rows.length; at += 1) {
      const key = keys.bytesAt(rows[at] ?? 0);
      if (key.equals(keys.bytesAt(rows[at - 1] ?? 0))) this.#refuse(`names object ${quote(key.toString())} twice`);
    }
  }

  #spend(text: string): void {
    this.#partsLeft -= 1;
    this.#textUnitsLeft -= text.length;
    if (this.#partsLeft >= 0 && this.#textUnitsLeft >= 0) return;
    const limits = `more than ${partsMax} keys and values or ${textUnitsMax} characters`;
    throw new JsonFault(`has ${limits}, outside its objects or in one of them`);
  }

  #refuse(problem: string): void {
    this.#problem ??= problem;
  }
}

/** Has no prototype, so that no key of a document has a special meaning. */
function emptyFields(): Fields {
  return Object.create(null);
}

function firstIssue(
  place: string,
  issues: readonly { readonly path: PropertyKey[]; readonly message: string }[],
): string {
  const [issue] = issues;
  const at = [place, ...(issue?.path ?? []).map(String)].filter((part) => part !== '').join('.');
  return `${at}: ${issue?.message ?? 'is invalid'}`;
}
