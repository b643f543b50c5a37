import { ReadFault } from '../proof/read-fault.ts';
import type { ReadAhead } from './read-ahead.ts';
import type { Segment, SegmentSource } from './sweep.ts';

/** An assembled run of the volume. Its bytes are overwritten by the part after next. */
export type VolumePart = {
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** The object that stores the byte at this distance from the part's start; null if none does. */
  sourceAt(distance: number): SegmentSource | null;
};

/** Assembles the volume from its segments, in parts of `partBytes`. The last may be shorter. */
export async function* assembleVolume(
  segments: ReadAhead,
  partBytes: number,
  volumeBytes: number,
  holesAreZeros: boolean,
): AsyncGenerator<VolumePart> {
  // One is written while the other is filled.
  const windows = [new Uint8Array(partBytes), new Uint8Array(partBytes)];
  let current = await segments.next();
  for (let offset = 0, part = 0; offset < volumeBytes; offset += partBytes, part += 1) {
    const bytes = (windows[part % 2] ?? new Uint8Array()).subarray(0, Math.min(partBytes, volumeBytes - offset));
    const used: Segment[] = [];
    let filled = 0;
    while (filled < bytes.length && current !== null) {
      const { segment, reader } = current;
      const start = offset + filled;
      const target = bytes.subarray(filled, Math.min(bytes.length, segment.end - offset));
      if (reader !== null) await reader.read(start, target);
      else if (holesAreZeros || segment.areZeros) target.fill(0);
      else throw hole(start, segment.end);
      used.push(segment);
      filled += target.length;
      if (offset + filled === segment.end) current = await segments.next();
    }
    const sourceAt = (distance: number) => used.find(({ end }) => end > offset + distance)?.source ?? null;
    yield { offset, bytes, sourceAt };
  }
}

function hole(start: number, end: number): ReadFault {
  const detail = `no link of the chain stores bytes ${start} to ${end} of the volume`;
  return new ReadFault({ code: 'geometry', detail }, false);
}
