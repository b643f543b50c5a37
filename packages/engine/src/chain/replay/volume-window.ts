import { ReadFault } from '../proof/read-fault.ts';
import type { ReadAhead } from './read-ahead.ts';
import type { Segment, SegmentSource } from './sweep.ts';

/** A run of the volume, put together. The bytes are written over with the one after next. */
export type VolumePart = {
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** The object that has the byte so far behind the part's first; null where none has. */
  sourceAt(distance: number): SegmentSource | null;
};

/** Puts the volume together from its segments, in parts of `partBytes`; the last may be shorter. */
export async function* assembleVolume(
  segments: ReadAhead,
  partBytes: number,
  volumeBytes: number,
  holesAreZeros: boolean,
): AsyncGenerator<VolumePart> {
  // One is being written while the other is filled.
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
      else if (holesAreZeros) target.fill(0);
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
  const detail = `bytes ${start} to ${end} of the volume are stored by no link of the chain`;
  return new ReadFault({ code: 'geometry', detail }, false);
}
