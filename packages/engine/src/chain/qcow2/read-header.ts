import type { ObjectEntry } from '../../storage/port.ts';
import { readImageStart } from '../disk-image/image-source.ts';
import { ReadFault } from '../proof/read-fault.ts';
import { unreadableMetadata } from '../proof/young-metadata.ts';
import { beginsAsQcow2, type HeaderReading, parseHeader, type Qcow2Header } from './header.ts';
import type { TableContext } from './tables.ts';

/** Enough for a usual header with its extensions and the name of the backing file. */
const startBytes = 4096;

/**
 * Reads the header of an image, usually with one request. Null if it is not a qcow2 image and `isCertain` is false.
 * Throws `ReadFault`, and storage errors.
 */
export async function readHeader(context: TableContext, entry: ObjectEntry, isCertain: true): Promise<Qcow2Header>;
export async function readHeader(
  context: TableContext,
  entry: ObjectEntry,
  isCertain: boolean,
): Promise<Qcow2Header | null>;
export async function readHeader(
  context: TableContext,
  entry: ObjectEntry,
  isCertain: boolean,
): Promise<Qcow2Header | null> {
  const source = { entry, start: 0, bytes: entry.size };
  let bytes = await readImageStart(context, source, startBytes);
  if (!isCertain && !beginsAsQcow2(bytes)) return null;
  let reading = parseHeader(bytes, entry.size);
  if (reading.kind === 'longer') {
    bytes = await readImageStart(context, source, reading.bytes);
    reading = parseHeader(bytes, entry.size);
  }
  return headerOf(context, entry, reading);
}

function headerOf({ nowMs }: TableContext, entry: ObjectEntry, reading: HeaderReading): Qcow2Header {
  if (reading.kind === 'header') return reading.header;
  if (reading.kind === 'longer') throw new TypeError('the end of a header is within the bytes that it asked for');
  const { detail: problem, isTruncated: truncated, isOtherVersion } = reading;
  const detail = `${entry.key}: ${problem}`;
  if (isOtherVersion) throw new ReadFault({ code: 'version_unsupported', detail }, false);
  throw new ReadFault(unreadableMetadata({ detail, truncated }, entry, nowMs()), false);
}
