import type { ObjectEntry } from '../../storage/port.ts';
import type { Fault } from './link.ts';

/** Unreadable metadata younger than this may still be being written. */
const writingMsMax = 15 * 60 * 1000;

/** Whether an object was written so recently that its writer may not have finished. */
export function isYoung({ modifiedAtMs }: Pick<ObjectEntry, 'modifiedAtMs'>, nowMs: number): boolean {
  return nowMs - modifiedAtMs < writingMsMax;
}

/** The fault of unreadable metadata. If it is truncated and young, it may still be being written: `incomplete`. */
export function unreadableMetadata(
  { detail, truncated }: { readonly detail: string; readonly truncated: boolean },
  entry: ObjectEntry | null,
  nowMs: number,
): Fault {
  const isBeingWritten = truncated && entry !== null && isYoung(entry, nowMs);
  return { code: isBeingWritten ? 'incomplete' : 'metadata_unreadable', detail };
}
