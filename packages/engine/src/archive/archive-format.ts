import { createHash, type Hash } from 'node:crypto';
import type { TableShape } from './table-shapes.ts';

// The lines of an archive. docs/reference/catalogue-archive.md describes the format.

/** A value of a column. Numbers are exact: integers have at most 53 bits, as everywhere in the catalogue. */
export type Value = string | number | null;
/** The values of a row, in the order of the table's columns. */
export type Row = readonly Value[];

export const formatName = 'backup-sync-catalogue';
/** Raised when a reader of the older version would misread an archive. */
export const formatVersion = 1;

/** The first line of an archive. */
export type ArchiveHeader = {
  readonly format: typeof formatName;
  readonly version: typeof formatVersion;
  /** A UUID. Two archives with the same id have the same content. */
  readonly id: string;
  readonly created_at_ms: number;
  /** The number of the newest migration of the catalogue. */
  readonly schema: number;
  /** The release that wrote it, which can restore it: see {@link isRelease}. */
  readonly release: string;
  /** Whether the catalogue has secrets of access keys or hooks. They stay sealed. */
  readonly sealed_secrets: boolean;
  /** The key that seals them, 32 bytes in base64; null if it is not in the archive. */
  readonly secret_key: string | null;
  /** The storage unit that the records belong to; null if the catalogue was never used with one. */
  readonly storage_unit: string | null;
};

/** Whether a value of a header can be the version of a release. Messages quote it. */
export function isRelease(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9A-Za-z.+-]{1,64}$/.test(value);
}

/** A table after its rows. */
export type TableSummary = {
  readonly table: string;
  readonly rows: number;
  /** SHA-256 in hexadecimal digits over the lines of the rows, each with its line break. */
  readonly sha256: string;
};

export function rowLine(row: Row): string {
  return `${JSON.stringify(row)}\n`;
}

export function beginLine({ name, columns }: TableShape): string {
  return `${JSON.stringify({ table: name, columns: columns.map((column) => column.name) })}\n`;
}

export function endLine({ table, rows, sha256 }: TableSummary): string {
  return `${JSON.stringify({ end: table, rows, sha256 })}\n`;
}

/** The last line. `sha256` is over all lines before it. */
export function lastLine(tables: number, rows: number, sha256: string): string {
  return `${JSON.stringify({ end_of_archive: true, tables, rows, sha256 })}\n`;
}

/** Counts the rows of a table, and hashes their lines. */
export class RowTally {
  readonly #table: string;
  readonly #hash: Hash = createHash('sha256');
  #rows = 0;

  constructor(table: string) {
    this.#table = table;
  }

  get rows(): number {
    return this.#rows;
  }

  add(line: string): void {
    this.#hash.update(line);
    this.#rows += 1;
  }

  /** Ends the count: nothing can be added after it. */
  end(): TableSummary {
    return { table: this.#table, rows: this.#rows, sha256: this.#hash.digest('hex') };
  }
}
