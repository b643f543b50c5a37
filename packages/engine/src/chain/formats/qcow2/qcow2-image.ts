import { quote } from '../../../quote.ts';
import type { ObjectEntry } from '../../../storage/port.ts';
import type { Form } from '../../proof/link.ts';
import { readHeader, readHeaderStart } from '../../qcow2/read-header.ts';
import type { Qcow2Image, TableContext } from '../../qcow2/tables.ts';
import { type BackingKeys, backingKeysOf } from './backing-name.ts';
import { formatOfStart } from './format-of-start.ts';
import { parseQcow2Path } from './qcow2-path.ts';

/** An image as its first bytes show it. Only a backing file need not be qcow2. */
export type OpenedImage =
  | (Qcow2Image & { readonly kind: 'qcow2' })
  /** A backing file without a structure of its own. */
  | { readonly kind: 'raw' }
  /** A backing file in a format that is not read here. */
  | { readonly kind: 'other'; readonly format: string };

/** Reads the header of an image, usually with one request. `backingFormat` is what its child says of it. */
export async function openImage(
  context: TableContext,
  entry: ObjectEntry,
  backingFormat: string | null,
): Promise<OpenedImage> {
  if (backingFormat !== null && backingFormat !== 'raw' && backingFormat !== 'qcow2') {
    return { kind: 'other', format: backingFormat };
  }
  if (backingFormat === 'raw') return { kind: 'raw' };
  const start = await readHeaderStart(context, entry);
  // If nobody says what a backing file is, QEMU looks at its first bytes.
  if (backingFormat === null && parseQcow2Path(entry.key) === null) {
    const format = formatOfStart(start);
    if (format === null) return { kind: 'raw' };
    if (format !== 'qcow2') return { kind: 'other', format };
  }
  const header = await readHeader(context, entry, start);
  return { kind: 'qcow2', source: { entry, start: 0, bytes: entry.size }, header };
}

/** The format in which a child reads a file; null if it is read as the file is by itself. */
export function otherFormatOf(key: string, backingFormat: string | null): string | null {
  return backingFormat === 'qcow2' && parseQcow2Path(key) !== null ? null : backingFormat;
}

/** The keys at which the backing file may be. Null if there is no file; empty if the image needs none. */
export function parentKeysOf(imagePath: string, image: OpenedImage): BackingKeys {
  if (image.kind !== 'qcow2' || image.header.backingName === null) return [];
  return backingKeysOf(imagePath, image.header.backingName);
}

/** How far an image can be proved, and why no further. */
export function formOf(imagePath: string, image: OpenedImage): { readonly form: Form; readonly limit: string | null } {
  if (image.kind === 'raw') {
    const limit = 'it is a raw image, which has only its bytes';
    return { form: { ceiling: 'inventory', gaps: ['no_digest'] }, limit };
  }
  if (image.kind === 'other') {
    const limit = `it is a backing file in the format ${quote(image.format)}, which is not read`;
    return { form: { ceiling: 'presence', gaps: ['format_unknown'] }, limit };
  }
  const { header } = image;
  if (header.hasExternalData) {
    return { form: { ceiling: 'metadata', gaps: ['data_elsewhere'] }, limit: 'its data is in a file of its own' };
  }
  if (parentKeysOf(imagePath, image) === null) {
    const limit = `its backing file ${quote(header.backingName ?? '')} is no file that could be in the bucket`;
    return { form: { ceiling: 'metadata', gaps: ['data_elsewhere'] }, limit };
  }
  if (header.isEncrypted) return { form: { ceiling: 'inventory', gaps: ['data_encrypted'] }, limit: 'it is encrypted' };
  if (header.backingName === null) return { form: { ceiling: 'linkage', gaps: ['no_digest'] }, limit: null };
  const limit = 'only its name ties its backing file to it';
  return { form: { ceiling: 'inventory', gaps: ['parent_by_name_only', 'no_digest'] }, limit };
}
