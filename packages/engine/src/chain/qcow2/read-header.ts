import type { ObjectEntry } from '../../storage/port.ts';
import { type ImageSource, readImageStart } from '../disk-image/image-source.ts';
import { ReadFault } from '../proof/read-fault.ts';
import { unreadableMetadata } from '../proof/young-metadata.ts';
import { type HeaderReading, parseHeader, type Qcow2Header } from './header.ts';
import type { TableContext } from './tables.ts';

/** Enough for a usual header with its extensions and the name of the backing file. */
const startBytes = 4096;

/** Reads the first bytes of an image, with one request. Throws `ReadFault`, and storage errors. */
export async function readHeaderStart(context: TableContext, entry: ObjectEntry): Promise<Uint8Array> {
  return await readImageStart(context, sourceOf(entry), startBytes);
}

/**
 * Reads the header of an image that begins with `start`, usually without another request. Throws `ReadFault`, and
 * storage errors.
 */
export async function readHeader(context: TableContext, entry: ObjectEntry, start: Uint8Array): Promise<Qcow2Header> {
  const reading = parseHeader(start, entry.size);
  if (reading.kind !== 'longer') return headerOf(context, entry, reading);
  const bytes = await readImageStart(context, sourceOf(entry), reading.bytes);
  return headerOf(context, entry, parseHeader(bytes, entry.size));
}

function sourceOf(entry: ObjectEntry): ImageSource {
  return { entry, start: 0, bytes: entry.size };
}

function headerOf({ nowMs }: TableContext, entry: ObjectEntry, reading: HeaderReading): Qcow2Header {
  if (reading.kind === 'header') return reading.header;
  if (reading.kind === 'longer') throw new TypeError('the end of a header is within the bytes that it asked for');
  const { detail: problem, isTruncated: truncated, isOtherVersion } = reading;
  const detail = `${entry.key}: ${problem}`;
  if (isOtherVersion) throw new ReadFault({ code: 'version_unsupported', detail }, false);
  throw new ReadFault(unreadableMetadata({ detail, truncated }, entry, nowMs()), false);
}
