import { counted } from '@backup-sync/contracts';
import type { ObjectEntry } from '../../../storage/port.ts';
import type { BucketContext } from '../../chain-context.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { describedMax } from './descriptor.ts';
import { RangeWindow, windowBytes } from './range-window.ts';
import {
  isEmptyBlock,
  type PaxFields,
  readLongName,
  readPaxFields,
  readTarHeader,
  type TarHeader,
  tarBlockBytes,
} from './tar-header.ts';

/** Bytes of what is stored about the next member: its name, mostly. */
const aboutBytesMax = 64 * 1024;
/** Members of an archive: the files of a descriptor, folders, and what describes the members. */
const membersMax = 3 * describedMax;

/** Where a block of a sparse file says whether another one with holes follows. */
const moreHolesInHeader = 482;
const moreHolesInBlock = 504;

/** A file in an archive. */
export type ArchiveMember = {
  /** Without `./` in front. */
  readonly name: string;
  /** Where its bytes begin in the archive. */
  readonly start: number;
  readonly bytes: number;
  /** Whether GNU tar stores it without its holes. Its bytes are then not those of the file. */
  readonly isSparse: boolean;
};

export type Archive = {
  /** In the order of the archive. Of several with one name, only the last one, as when the archive is unpacked. */
  readonly members: readonly ArchiveMember[];
  /** Names of which there are several. */
  readonly replaced: readonly string[];
  /** Reads near the beginning of the archive without more requests. */
  readonly window: RangeWindow;
  /** What shows that the archive was cut; null if nothing does. */
  readonly cut: string | null;
  /** Whether the archive has the two empty blocks at its end. Some writers leave them out. */
  readonly hasEnd: boolean;
};

/**
 * Finds the files of a TAR archive by reading headers alone: 64 KiB at the beginning, and a block for each further
 * member. Throws `ReadFault` if a header is not one, and storage errors.
 */
export async function readArchive(context: BucketContext, entry: ObjectEntry): Promise<Archive> {
  const { key, size } = entry;
  const window = new RangeWindow(context, entry);
  const members = new Map<string, ArchiveMember>();
  const replaced = new Set<string>();
  let about: Partial<PaxFields> = {};
  let ahead = windowBytes;
  let count = 0;
  for (let at = 0; at < size; ) {
    const block = await window.read(at, at + tarBlockBytes, ahead);
    if (block.length < tarBlockBytes) return ended(isCut(), false);
    if (isEmptyBlock(block)) {
      const next = await window.read(at + tarBlockBytes, at + 2 * tarBlockBytes, tarBlockBytes);
      if (next.length > 0 && !isEmptyBlock(next) && next.length === tarBlockBytes) throw unreadable(at);
      return ended(isCut(), isEmptyBlock(next));
    }
    const header = readTarHeader(block);
    if (header === null) throw unreadable(at);
    countOne();
    const start = header.kind === 'sparse' ? await skipHoles(at) : at + tarBlockBytes;
    const bytes = header.kind === 'file' ? (about.bytes ?? header.bytes) : header.bytes;
    if (start + bytes > size) return ended(cutIn(header, start + bytes), false);
    if (header.kind === 'pax' || header.kind === 'longName') about = { ...about, ...(await readAbout(header, start)) };
    else {
      const isSparse = header.kind === 'sparse' || about.isSparse === true;
      if (isSparse || header.kind === 'file') add({ name: about.path ?? header.name, start, bytes, isSparse });
      about = {};
    }
    // Each step is one block at least, so that no header leads back.
    at = start + Math.ceil(bytes / tarBlockBytes) * tarBlockBytes;
    // Two blocks may be the end of the archive.
    ahead = bytes < windowBytes ? windowBytes : 2 * tarBlockBytes;
  }
  return ended(isCut(), false);

  function ended(cut: string | null, hasEnd: boolean): Archive {
    return { members: [...members.values()], replaced: [...replaced], window, cut, hasEnd };
  }

  function countOne(): void {
    count += 1;
    if (count <= membersMax) return;
    throw new ReadFault({ code: 'listing_too_large', detail: `${key}: more than ${membersMax} members` }, false);
  }

  /** Finds the data of a sparse file: the list of its holes may continue in blocks between header and data. */
  async function skipHoles(header: number): Promise<number> {
    let [last, flag] = [header, moreHolesInHeader];
    while ((await window.read(last, last + tarBlockBytes, windowBytes))[flag]) {
      countOne();
      [last, flag] = [last + tarBlockBytes, moreHolesInBlock];
    }
    return last + tarBlockBytes;
  }

  function add(member: ArchiveMember): void {
    const name = member.name.replace(/^(?:\.\/+)+/, '');
    if (members.delete(name)) replaced.add(name);
    members.set(name, { ...member, name });
  }

  async function readAbout({ kind, bytes }: TarHeader, start: number): Promise<Partial<PaxFields>> {
    if (bytes > aboutBytesMax) throw unreadable(start - tarBlockBytes);
    const data = await window.read(start, start + bytes, bytes);
    if (kind === 'longName') return { path: readLongName(data) };
    const fields = readPaxFields(data);
    if (fields === null) throw unreadable(start - tarBlockBytes);
    const { path, bytes: size, isSparse } = fields;
    return { ...(path === null ? {} : { path }), ...(size === null ? {} : { bytes: size }), isSparse };
  }

  function isCut(): string | null {
    return size % tarBlockBytes === 0
      ? null
      : `${key} has ${counted(size, 'byte')}, which is not a multiple of ${tarBlockBytes}`;
  }

  function cutIn({ name }: TarHeader, end: number): string {
    return `${key} has ${counted(size, 'byte')}, but ${about.path ?? name} in it ends at byte ${end}`;
  }

  function unreadable(at: number): ReadFault {
    const detail = `${key} has no member of a TAR archive at byte ${at}`;
    return new ReadFault({ code: 'metadata_unreadable', detail }, false);
  }
}
