import type { ObjectEntry } from '../../storage/port.ts';
import type { Fault } from './link.ts';

/** Metadata that makes no sense and is younger may still be being written. */
const writingMsMax = 15 * 60 * 1000;

/** Whether an object was written so recently that its writer may not be done. */
export function isYoung({ modifiedAtMs }: Pick<ObjectEntry, 'modifiedAtMs'>, nowMs: number): boolean {
  return nowMs - modifiedAtMs < writingMsMax;
}

/** The fault of metadata that makes no sense. If it breaks off while it is young, it may still be being written. */
export function unreadableMetadata(
  { detail, truncated }: { readonly detail: string; readonly truncated: boolean },
  entry: ObjectEntry | null,
  nowMs: number,
): Fault {
  const isBeingWritten = truncated && entry !== null && isYoung(entry, nowMs);
  return { code: isBeingWritten ? 'incomplete' : 'metadata_unreadable', detail };
}
