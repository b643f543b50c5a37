import type { BucketContext } from '../../chain-context.ts';
import type { DescribedBackup } from '../../format.ts';
import { JsonFault } from '../../json/bounded-json.ts';
import { readTopFields } from '../../json/top-fields.ts';
import type { FormatTime } from '../../proof/link.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { readPlainObject } from '../../read-plain-object.ts';
import { isBackupId, metadataSuffix, parseCinderImagePath } from './image-path.ts';
import { textCharactersMax } from './metadata.ts';

/** Cinder's type for a volume. */
const resourceType = 'OS::Cinder::Volume';

const names = ['backup_id', 'volume_id', 'backup_name', 'created_at', 'parent_id'];

/**
 * Reads the description of a backup from the metadata at its image path. Throws {@link ReadFault}, and storage errors.
 */
export async function describeCinderBackup(context: BucketContext, imagePath: string): Promise<DescribedBackup> {
  const key = `${imagePath}${metadataSuffix}`;
  const fields = await readFields(context, key);
  const text = (name: string) => {
    const value = fields.get(name);
    if (typeof value !== 'string' || value === '') throw unreadable(`${key} has no ${name}`);
    if (value.length > textCharactersMax)
      throw unreadable(`${key}: ${name} must have at most ${textCharactersMax} characters`);
    return value;
  };
  const textOrNull = (name: string) => (typeof fields.get(name) === 'string' ? text(name) : null);
  const volumeId = text('volume_id');
  const parentBackupId = textOrNull('parent_id');
  if (parentBackupId !== null && !isBackupId(parentBackupId)) {
    throw unreadable(`${key}: parent_id must be a UUID or null`);
  }
  const createdAt = fields.get('created_at');
  const formatTime = cinderTimeOf(typeof createdAt === 'string' ? createdAt : null, imagePath);
  return {
    backupId: text('backup_id'),
    originalName: fields.get('backup_name') === '' ? null : textOrNull('backup_name'),
    resourceId: volumeId,
    resourceName: volumeId,
    resourceType,
    createdAtS: Math.max(0, Math.floor((formatTime?.atMs ?? 0) / 1000)),
    parentBackupId,
  };
}

async function readFields(context: BucketContext, key: string) {
  try {
    return await readTopFields(await readPlainObject(context, key), names);
  } catch (error) {
    if (error instanceof JsonFault) throw unreadable(`${key}: ${error.message}`);
    throw error;
  }
}

function unreadable(detail: string): ReadFault {
  return new ReadFault({ code: 'metadata_unreadable', detail }, false);
}

/** When a backup was made: `created_at` of its metadata, or else the time in its path. Null if neither is a time. */
export function cinderTimeOf(createdAt: string | null, imagePath: string): FormatTime | null {
  const written = createdAt === null ? null : parsePythonDatetime(createdAt);
  if (written !== null) return written;
  const atMs = parsePathTimestamp(parseCinderImagePath(imagePath)?.timestamp ?? '');
  return atMs === null ? null : { atMs, hasZone: true };
}

const datetimePattern = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)?$/;

/**
 * Parses the text of a Python datetime such as `2026-03-01 02:00:00+00:00`. Microseconds and the zone may be absent;
 * without a zone, the time is UTC. Null if the text is not such a time.
 */
export function parsePythonDatetime(text: string): FormatTime | null {
  const [, date, time, fraction = '', zone] = datetimePattern.exec(text) ?? [];
  if (date === undefined || time === undefined) return null;
  const atMs = Date.parse(`${date}T${time}.${fraction.padEnd(3, '0').slice(0, 3)}${zone ?? 'Z'}`);
  return Number.isNaN(atMs) ? null : { atMs, hasZone: zone !== undefined };
}

/** Parses `YYYYMMDDHHMMSS` in UTC to milliseconds since 1970; null if it is not a time. */
function parsePathTimestamp(digits: string): number | null {
  const [, year, month, day, hours, minutes, seconds] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(digits) ?? [];
  if (year === undefined) return null;
  const timeMs = Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
  return Number.isNaN(timeMs) ? null : timeMs;
}
