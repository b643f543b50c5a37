import { createHash } from 'node:crypto';
import { newestSchema } from '../catalogue/migrate.ts';
import { ArchiveError } from './archive-error.ts';
import {
  type ArchiveHeader,
  beginLine,
  endLine,
  formatName,
  formatVersion,
  isRelease,
  lastLine,
  type Row,
  RowTally,
  type TableSummary,
} from './archive-format.ts';
import { archiveLines } from './archive-lines.ts';
import type { TableShape } from './table-shapes.ts';
import { valueFault } from './value-fault.ts';

/** What an archive contains, in its order. */
export type ArchivePart =
  | { readonly kind: 'header'; readonly header: ArchiveHeader }
  /** `place` names the row for messages. */
  | { readonly kind: 'row'; readonly shape: TableShape; readonly row: Row; readonly place: string }
  | { readonly kind: 'end'; readonly shape: TableShape; readonly summary: TableSummary };

/**
 * Reads an archive and checks all of it. A caller must not trust a table before its end, nor the archive before the
 * iteration has ended.
 *
 * Throws {@link ArchiveError} with the place of the fault if the archive is cut off, was changed, is of another schema
 * or version, or its tables are not those of this release.
 */
export async function* readArchive(path: string, shapes: readonly TableShape[]): AsyncGenerator<ArchivePart> {
  const lines = new HashedLines(path);
  yield { kind: 'header', header: parseHeader(await lines.next('the header'), path) };
  let count = 0;
  for (const shape of shapes) {
    if ((await lines.next(`the table ${shape.name}`)) !== beginLine(shape)) {
      throw lines.fault(`it is not the beginning of the table ${shape.name} with the columns of this release`);
    }
    const tally = new RowTally(shape.name);
    for (;;) {
      const line = await lines.next(`the end of the table ${shape.name}`);
      if (!line.startsWith('[')) {
        const summary = tally.end();
        if (line !== endLine(summary)) throw lines.fault(whyNotTheEnd(line, summary));
        yield { kind: 'end', shape, summary };
        break;
      }
      tally.add(line);
      const place = `row ${tally.rows} of the table ${shape.name}`;
      yield { kind: 'row', shape, row: parseRow(line, shape, (what) => lines.fault(`${place} ${what}`)), place };
    }
    count += tally.rows;
  }
  const expected = lastLine(shapes.length, count, lines.digest());
  if ((await lines.next('its last line')) !== expected) {
    throw lines.fault('it does not agree with the lines before it: they were changed');
  }
  await lines.end();
}

/** The lines of an archive, with a hash over those that were read. */
class HashedLines {
  readonly #path: string;
  readonly #lines: AsyncGenerator<string>;
  readonly #hash = createHash('sha256');
  #number = 0;

  constructor(path: string) {
    this.#path = path;
    this.#lines = archiveLines(path);
  }

  /** Returns the next line. Throws if the archive ends before `what`. */
  async next(what: string): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new ArchiveError(this.#path, `it ends after line ${this.#number}, before ${what}`);
    this.#number += 1;
    this.#hash.update(value);
    return value;
  }

  /** The hash of the lines so far. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  async end(): Promise<void> {
    if ((await this.#lines.next()).done === true) return;
    throw new ArchiveError(this.#path, `it continues after its last line, line ${this.#number}`);
  }

  /** An error about the line that was read last. */
  fault(what: string): ArchiveError {
    return new ArchiveError(this.#path, `line ${this.#number}: ${what}`);
  }
}

function parseHeader(line: string, path: string): ArchiveHeader {
  const header = parseJson(line) as Partial<Record<keyof ArchiveHeader, unknown>> | null;
  if (header?.format !== formatName) throw new ArchiveError(path, 'it is not an archive of a catalogue');
  if (header.version !== formatVersion) {
    throw new ArchiveError(
      path,
      `its format has version ${header.version}; this release reads version ${formatVersion}`,
    );
  }
  if (header.schema !== newestSchema) {
    throw new ArchiveError(
      path,
      `its catalogue has schema ${header.schema}; this release reads archives of schema ${newestSchema}. Load it with ` +
        `${isRelease(header.release) ? `release ${header.release}, which` : 'the release that'} wrote it, then upgrade the ` +
        'catalogue to this one',
    );
  }
  const { id, created_at_ms, release, sealed_secrets, secret_key, storage_unit } = header;
  if (
    typeof id !== 'string' ||
    !Number.isSafeInteger(created_at_ms) ||
    !isRelease(release) ||
    typeof sealed_secrets !== 'boolean' ||
    !isTextOrNull(secret_key) ||
    !isTextOrNull(storage_unit)
  ) {
    throw new ArchiveError(path, 'line 1: it is not a complete header');
  }
  return {
    ...{ format: formatName, version: formatVersion, id, created_at_ms: Number(created_at_ms), schema: newestSchema },
    ...{ release, sealed_secrets, secret_key, storage_unit },
  };
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function parseRow(line: string, { columns }: TableShape, fault: (what: string) => ArchiveError): Row {
  const row = parseJson(line);
  if (!Array.isArray(row)) throw fault('is not valid JSON');
  if (row.length !== columns.length) throw fault(`has ${row.length} values, not ${columns.length}`);
  for (const [index, column] of columns.entries()) {
    const wrong = valueFault(column, row[index]);
    if (wrong !== null) throw fault(`is not valid: ${column.name} ${wrong}`);
  }
  return row;
}

/** Says what is wrong with a line that should have ended a table. It quotes nothing: rows have secrets. */
function whyNotTheEnd(line: string, { table, rows, sha256 }: TableSummary): string {
  const end = parseJson(line) as { end?: unknown; rows?: unknown; sha256?: unknown } | null;
  if (end?.end !== table) return `it is neither a row nor the end of the table ${table}`;
  if (end.rows !== rows) return `the table ${table} has ${rows} rows, but its end says ${Number(end.rows)}`;
  if (end.sha256 !== sha256) return `the rows of the table ${table} do not have the SHA-256 that its end says`;
  return `the end of the table ${table} was changed`;
}

/** Null if the text is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
