import { setImmediate } from 'node:timers/promises';
import { SaxesParser, type SaxesTagNS } from 'saxes';
import { quote } from '../../../quote.ts';
import type { Fault } from '../../proof/link.ts';
import {
  capacityOf,
  type DescribedDisk,
  type DescribedFile,
  type Descriptor,
  describedMax,
  findContradiction,
} from './descriptor.ts';

/** Maximum number of bytes of a descriptor. Those of large systems have some 100 KiB. */
export const descriptorBytesMax = 8 * 1024 * 1024;
/** How deep elements may be nested. Genuine descriptors have about ten levels. */
const depthMax = 100;
/** Number of characters that are parsed at a time. */
const pieceCharacters = 64 * 1024;
const nameCharactersMax = 1024;

/** The namespaces of the versions 0.9, 1.x and 2.x. */
const namespaces: ReadonlySet<string> = new Set([
  'http://www.vmware.com/schema/ovf/1/envelope',
  'http://schemas.dmtf.org/ovf/envelope/1',
  'http://schemas.dmtf.org/ovf/envelope/2',
]);
/** Elements that describe the virtual machine; `Content` is that of version 0.9. */
const systems: ReadonlySet<string> = new Set(['VirtualSystem', 'VirtualSystemCollection', 'Content']);

export type DescriptorReading =
  | { readonly kind: 'read'; readonly descriptor: Descriptor }
  | {
      readonly kind: 'unreadable';
      readonly fault: Fault;
      /** Whether it only ends too early. */
      readonly truncated: boolean;
    };

/** Reads a descriptor. `name` is its place, for messages. Other work may run between the pieces of a large one. */
export async function readDescriptor(name: string, bytes: Uint8Array): Promise<DescriptorReading> {
  let isRead = false;
  try {
    const reader = new EnvelopeReader();
    const text = decode(bytes);
    for (let start = 0; start < text.length; start += pieceCharacters) {
      if (start > 0) await setImmediate();
      reader.write(text.slice(start, start + pieceCharacters));
    }
    isRead = true;
    return { kind: 'read', descriptor: reader.finish() };
  } catch (error) {
    if (!(error instanceof UnreadableDescriptor)) throw error;
    const fault = { code: error.code, detail: `${name}: ${error.message}` };
    return { kind: 'unreadable', fault, truncated: isRead };
  }
}

class UnreadableDescriptor extends Error {
  readonly code: 'metadata_unreadable' | 'version_unsupported';

  constructor(message: string, code: UnreadableDescriptor['code'] = 'metadata_unreadable') {
    super(message);
    this.code = code;
  }
}

/** XML is in UTF-8 unless it begins with the mark of UTF-16, or names another encoding. */
function decode(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, 200)).toString('latin1');
  const marked = start.startsWith('\xff\xfe') ? 'utf-16le' : start.startsWith('\xfe\xff') ? 'utf-16be' : null;
  const [, named = 'utf-8'] = /^(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*["']([\w.-]+)["']/.exec(start) ?? [];
  try {
    return new TextDecoder(marked ?? named, { fatal: true }).decode(bytes);
  } catch {
    throw new UnreadableDescriptor(`it is not text in ${quote(marked ?? named)}`);
  }
}

/** Gathers what matters of a descriptor while it is parsed. Refuses what a sound descriptor never has. */
class EnvelopeReader {
  readonly #parser = new SaxesParser({ xmlns: true });
  /** Names of the open elements; empty for one of another namespace. */
  readonly #path: string[] = [];
  readonly #files: DescribedFile[] = [];
  readonly #disks: DescribedDisk[] = [];
  /** Ids of files that any element names. */
  readonly #filesNamed = new Set<string>();
  #namespace = '';
  #hasReferences = false;
  #systemId: string | null = null;
  #systemName = '';

  constructor() {
    this.#parser.on('error', ({ message }) => {
      // The parser writes the place in front, as "<line>:<column>: ".
      const [, line, text = message] = /^(\d+):\d+: (.*)$/s.exec(message) ?? [];
      throw new UnreadableDescriptor(`line ${line ?? this.#parser.line}: ${text}`);
    });
    this.#parser.on('doctype', () => {
      throw this.#refusal('it has a document type, which a descriptor must not have');
    });
    this.#parser.on('opentag', (tag) => this.#open(tag));
    this.#parser.on('closetag', () => {
      this.#path.pop();
    });
    this.#parser.on('text', (text) => this.#takeText(text));
    this.#parser.on('cdata', (text) => this.#takeText(text));
  }

  write(text: string): void {
    this.#parser.write(text);
  }

  finish(): Descriptor {
    this.#parser.close();
    if (!this.#hasReferences) {
      throw new UnreadableDescriptor('it has no References, so nothing says which files belong to the package');
    }
    const name = this.#systemName.trim();
    const descriptor = {
      systemName: name === '' ? this.#systemId : name,
      files: this.#files,
      disks: this.#disks,
    };
    const contradiction = findContradiction(descriptor, this.#filesNamed);
    if (contradiction !== null) throw new UnreadableDescriptor(contradiction);
    return descriptor;
  }

  #open(tag: SaxesTagNS): void {
    if (this.#path.length === 0) this.#begin(tag);
    if (this.#path.length >= depthMax) throw this.#refusal(`elements are nested more than ${depthMax} deep`);
    const parent = this.#path.at(-1);
    // Early writers give the namespace to the envelope and the attributes alone.
    const isOwn = tag.uri === this.#namespace || (tag.uri === '' && parent !== '');
    this.#path.push(isOwn ? tag.local : '');
    const depth = this.#path.length;
    if (!isOwn) {
      if (depth === 3 && parent === 'References' && tag.local === 'File') {
        throw this.#refusal(`References has a File of another namespace, ${quote(tag.uri)}`);
      }
      return;
    }
    const fileRef = this.#attribute(tag, 'fileRef');
    if (fileRef !== null) this.#filesNamed.add(fileRef);
    if (depth === 2 && tag.local === 'References') this.#hasReferences = true;
    else if (depth === 2 && systems.has(tag.local)) this.#systemId ??= this.#attribute(tag, 'id');
    else if (depth === 3 && parent === 'References' && tag.local === 'File') this.#addFile(tag);
    // Version 0.9 has sections of all kinds in elements of one name.
    else if (depth === 3 && (parent === 'DiskSection' || parent === 'Section') && tag.local === 'Disk') {
      this.#addDisk(tag, fileRef);
    }
    if (Math.max(this.#files.length, this.#disks.length) > describedMax) {
      throw this.#refusal(`it has more than ${describedMax} files or disks`);
    }
  }

  #begin({ local, uri }: SaxesTagNS): void {
    if (local !== 'Envelope') throw this.#refusal(`it begins with ${quote(local)}, not with an envelope of OVF`);
    if (!namespaces.has(uri)) {
      const detail = `line ${this.#parser.line}: its version has the namespace ${quote(uri)}, which is not known`;
      throw new UnreadableDescriptor(detail, 'version_unsupported');
    }
    this.#namespace = uri;
  }

  #takeText(text: string): void {
    const [, system, name] = this.#path;
    const isName = this.#path.length === 3 && name === 'Name' && system !== undefined && systems.has(system);
    if (isName && this.#systemName.length < nameCharactersMax) {
      this.#systemName += text.slice(0, nameCharactersMax);
    }
  }

  #addFile(tag: SaxesTagNS): void {
    const compression = this.#attribute(tag, 'compression') ?? '';
    this.#files.push({
      id: this.#required(tag, 'id'),
      href: this.#required(tag, 'href'),
      bytes: this.#count(tag, 'size'),
      isCompressed: compression !== '' && compression !== 'identity',
      chunkBytes: this.#count(tag, 'chunkSize') || null,
    });
  }

  #addDisk(tag: SaxesTagNS, fileId: string | null): void {
    const text = this.#required(tag, 'capacity');
    const capacity = capacityOf(text, this.#attribute(tag, 'capacityAllocationUnits'));
    if (capacity === undefined) throw this.#refusal(`the capacity ${quote(text)} is impossible`);
    const [parentId, format] = [this.#attribute(tag, 'parentRef'), this.#attribute(tag, 'format')];
    this.#disks.push({ id: this.#required(tag, 'diskId'), fileId, parentId, capacity, format });
  }

  #count(tag: SaxesTagNS, name: string): number | null {
    const text = this.#attribute(tag, name);
    if (text === null || text === '') return null;
    const count = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(count)) throw this.#refusal(`the ${name} ${quote(text)} is impossible`);
    return count;
  }

  #required(tag: SaxesTagNS, name: string): string {
    const value = this.#attribute(tag, name);
    if (value === null || value === '') throw this.#refusal(`${tag.local} has no ${name}`);
    return value;
  }

  /** Attributes may have the prefix of the namespace, or none. */
  #attribute({ attributes }: SaxesTagNS, name: string): string | null {
    for (const { local, uri, value } of Object.values(attributes)) {
      if (local === name && (uri === '' || uri === this.#namespace)) return value;
    }
    return null;
  }

  #refusal(detail: string): UnreadableDescriptor {
    return new UnreadableDescriptor(`line ${this.#parser.line}: ${detail}`);
  }
}
