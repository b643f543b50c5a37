import { createHash } from 'node:crypto';
import { quote } from '../../../quote.ts';
import { BoundedJson, JsonFault, type JsonScalar, type JsonVisitor } from '../../json/bounded-json.ts';
import type { FormatTime } from '../../proof/link.ts';
import { BlockMap } from './block-map.ts';
import { parseQuantity } from './quantity.ts';

const blockBytesDefault = 2 * 1024 * 1024;
const blockSizeKey = 'backup-block-size';
/** The fields of the top level that are used here. */
const topNames = [
  'Name',
  'VolumeName',
  'SnapshotName',
  'SnapshotCreatedAt',
  'CreatedTime',
  'Size',
  'CompressionMethod',
];

/** The cfg of one backup. */
export type BackupCfg = {
  readonly name: string;
  readonly volumeName: string;
  readonly snapshotName: string | null;
  /** Text of a time; empty if the backup is not finished. */
  readonly createdTime: string;
  readonly snapshotCreatedAt: string | null;
  /** Total size of its blocks in bytes; null if an older writer left it out. */
  readonly sizeBytes: number | null;
  readonly blockBytes: number;
  readonly compression: 'none' | 'gzip' | 'lz4';
  /** Whether it is a single backing file, without blocks and hashes. */
  readonly isSingleFile: boolean;
  readonly blocks: BlockMap;
  /** SHA-256 of the bytes, hex. */
  readonly contentId: string;
};

/** When the backup was finished or, failing that, its snapshot was made. Null if the cfg does not say. */
export function longhornTimeOf({ createdTime, snapshotCreatedAt }: BackupCfg): FormatTime | null {
  for (const text of [createdTime, snapshotCreatedAt ?? '']) {
    const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/.test(text);
    const atMs = Date.parse(hasZone || !text.includes('T') ? text : `${text}Z`);
    if (Number.isFinite(atMs)) return { atMs, hasZone };
  }
  return null;
}

export type CfgReading =
  | { readonly kind: 'read'; readonly cfg: BackupCfg }
  | { readonly kind: 'unreadable'; readonly detail: string; readonly truncated: boolean };

/** Reads a backup's cfg in pieces. Throws the errors of `bytes`. */
export async function readBackupCfg(bytes: AsyncIterable<Uint8Array>): Promise<CfgReading> {
  const collector = new CfgCollector();
  const json = new BoundedJson(collector);
  let contentId: string;
  try {
    contentId = await walkDocument(bytes, json);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    return { kind: 'unreadable', detail: error.message, truncated: error.truncated };
  }
  return collector.finish(contentId);
}

class CfgCollector implements JsonVisitor {
  readonly #blocks = new BlockMap();
  readonly #fields = new Map<string, JsonScalar>();
  #blockSize: JsonScalar = '';
  #singleFile = '';
  #topKey = '';
  #key = '';
  #offset: JsonScalar = null;
  #checksum: JsonScalar = null;
  #index = -1;
  #hasBlocks = false;
  #problem: string | null = null;

  beginObject(depth: number): void {
    if (depth === 1) this.#refuseContainer();
    if (depth === 2 && this.#topKey === 'Blocks') {
      this.#index += 1;
      this.#offset = null;
      this.#checksum = null;
    }
  }

  beginArray(depth: number): void {
    if (depth === 0) this.#refuse('must be an object');
    if (depth === 1) this.#refuseContainer();
  }

  end(depth: number): void {
    if (depth === 2 && this.#topKey === 'Blocks') this.#addBlock();
  }

  key(name: string, depth: number): void {
    this.#key = name;
    if (depth !== 1) return;
    this.#topKey = name;
    if (this.#fields.has(name) || (name === 'Blocks' && this.#hasBlocks)) this.#refuse(`has ${name} twice`);
    if (name === 'Blocks') this.#hasBlocks = true;
  }

  scalar(value: JsonScalar, depth: number): void {
    if (depth === 0) this.#refuse('must be an object');
    else if (depth === 1) {
      if (topNames.includes(this.#topKey)) this.#fields.set(this.#topKey, value);
      if (this.#topKey === 'Blocks' && value !== null) this.#refuse('Blocks must be a list');
    } else if (this.#topKey === 'Blocks') this.#takeOfBlock(value, depth);
    else if (depth === 2 && this.#topKey === 'Parameters' && this.#key === blockSizeKey) this.#blockSize = value;
    else if (depth === 2 && this.#topKey === 'SingleFile' && typeof value === 'string') this.#singleFile += value;
  }

  finish(contentId: string): CfgReading {
    const name = this.#textOf('Name');
    const volumeName = this.#textOf('VolumeName');
    const createdTime = this.#fields.get('CreatedTime');
    if (name === null) this.#refuse('has no Name');
    if (volumeName === null) this.#refuse('has no VolumeName');
    if (typeof createdTime !== 'string') this.#refuse('has no CreatedTime');
    const sizeBytes = this.#sizeBytes();
    const blockBytes = this.#blockBytes();
    const compression = this.#compression();
    if (this.#problem !== null || name === null || volumeName === null || typeof createdTime !== 'string') {
      return { kind: 'unreadable', detail: this.#problem ?? '', truncated: false };
    }
    const cfg: BackupCfg = {
      name,
      volumeName,
      snapshotName: this.#textOf('SnapshotName'),
      createdTime,
      snapshotCreatedAt: this.#textOf('SnapshotCreatedAt'),
      sizeBytes,
      blockBytes,
      compression,
      isSingleFile: this.#singleFile !== '',
      blocks: this.#blocks,
      contentId,
    };
    return { kind: 'read', cfg };
  }

  #takeOfBlock(value: JsonScalar, depth: number): void {
    if (depth === 2) this.#refuse(`Blocks[${this.#index + 1}] must be an object`);
    else if (this.#key === 'Offset') this.#offset = value;
    else if (this.#key === 'BlockChecksum') this.#checksum = value;
  }

  #addBlock(): void {
    const [offset, checksum] = [this.#offset, this.#checksum];
    if (typeof offset !== 'number' || !Number.isSafeInteger(offset) || offset < 0) {
      this.#refuse(`Blocks[${this.#index}].Offset must be a number of bytes`);
    } else if (typeof checksum !== 'string' || !/^[0-9a-f]{64}$/.test(checksum)) {
      this.#refuse(`Blocks[${this.#index}].BlockChecksum must be 64 hex digits`);
    } else this.#blocks.add(offset, checksum);
  }

  /** Text of a field; an empty one counts as absent. */
  #textOf(name: string): string | null {
    const value = this.#fields.get(name);
    return typeof value === 'string' && value !== '' ? value : null;
  }

  /** Longhorn writes the size as a string. A number is accepted, too. */
  #sizeBytes(): number | null {
    const value = this.#fields.get('Size') ?? '';
    if (value === '') return null;
    const size = Number(value);
    if (Number.isSafeInteger(size) && size >= 0) return size;
    this.#refuse('Size must be a number of bytes');
    return null;
  }

  #blockBytes(): number {
    const bytes = this.#blockSize === '' || this.#blockSize === null ? 0 : parseQuantity(String(this.#blockSize));
    if (bytes === null) this.#refuse(`has ${blockSizeKey} ${quote(String(this.#blockSize))}`);
    return bytes === null || bytes === 0 ? blockBytesDefault : bytes;
  }

  #compression(): BackupCfg['compression'] {
    const method = this.#textOf('CompressionMethod') ?? 'gzip';
    if (method === 'none' || method === 'gzip' || method === 'lz4') return method;
    this.#refuse(`has the unknown CompressionMethod ${quote(method)}`);
    return 'none';
  }

  #refuseContainer(): void {
    if (topNames.includes(this.#topKey)) this.#refuse(`${this.#topKey} must be text`);
  }

  #refuse(problem: string): void {
    this.#problem ??= problem;
  }
}

/** Walks a whole document in pieces, and returns its SHA-256, hex. Throws `JsonFault`, and the errors of `bytes`. */
async function walkDocument(bytes: AsyncIterable<Uint8Array>, json: BoundedJson): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of bytes) {
    hash.update(piece);
    json.write(piece);
  }
  json.end();
  return hash.digest('hex');
}
