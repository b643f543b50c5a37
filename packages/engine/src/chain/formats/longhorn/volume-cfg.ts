import { quote } from '../../../quote.ts';
import type { ObjectEntry } from '../../../storage/port.ts';
import { formRemark } from '../../../unicode-form.ts';
import type { BucketContext } from '../../chain-context.ts';
import { JsonFault, type JsonScalar } from '../../json/bounded-json.ts';
import { readTopFields } from '../../json/top-fields.ts';
import { ReadFault, readListedObject } from '../../proof/read-fault.ts';

/** The parts of `volume.cfg` that are used here. */
export type VolumeCfg = {
  /** Size of the volume at its latest backup in bytes; null if the cfg does not say. */
  readonly sizeBytes: number | null;
  readonly lastBackupName: string | null;
};

/** Reads `volume.cfg`. Throws `ReadFault` if it makes no sense or is another volume's, and storage errors. */
export async function readVolumeCfg(
  { storage, bucketName, signal }: BucketContext,
  entry: ObjectEntry,
  volumeName: string,
): Promise<VolumeCfg> {
  const { key } = entry;
  try {
    const body = await readListedObject(storage, { bucket: bucketName, key, signal }, entry);
    const fields = await readTopFields(body, ['Name', 'Size', 'LastBackupName']);
    const name = fields.get('Name');
    if (name !== volumeName) {
      const detail = `${key} has the name ${quote(String(name))}${formRemark(String(name), volumeName)}`;
      throw new ReadFault({ code: 'identity_mismatch', detail }, false);
    }
    const last = fields.get('LastBackupName');
    return {
      sizeBytes: sizeOf(fields.get('Size') ?? ''),
      lastBackupName: typeof last === 'string' && last !== '' ? last : null,
    };
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw new ReadFault({ code: 'metadata_unreadable', detail: `${key}: ${error.message}` }, false);
  }
}

/** Longhorn writes the size as a string. A number is accepted, too. Null if empty or 0. Throws {@link JsonFault}. */
function sizeOf(value: JsonScalar): number | null {
  if (value === '') return null;
  const size = Number(value);
  if (!Number.isSafeInteger(size) || size < 0) throw new JsonFault('Size must be a number of bytes');
  return size === 0 ? null : size;
}
