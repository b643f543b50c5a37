import { expect, test } from 'vitest';
import { seededBytes } from '../../testing/seeded-bytes.ts';
import { PieceMemory, pieceBytes } from './piece-memory.ts';
import { PieceSender } from './piece-sender.ts';

const content = seededBytes('pieces', 5 * pieceBytes + 1234);

async function* inChunks(chunkBytes: number): AsyncGenerator<Uint8Array> {
  // As of a driver that reuses memory, a chunk is valid until the next is requested.
  const chunk = new Uint8Array(chunkBytes);
  for (let at = 0; at < content.length; at += chunkBytes) {
    const bytes = content.subarray(at, at + chunkBytes);
    chunk.set(bytes);
    yield chunk.subarray(0, bytes.length);
    chunk.fill(0);
  }
}

/** A sender, with the memory that its receiver knows. */
function openSender(onPiece: (bytes: Uint8Array, slot: number) => void) {
  const memory = new PieceMemory();
  const slots: SharedArrayBuffer[] = [];
  const sender = new PieceSender(memory, ({ slot, length }) => {
    slots.push(...memory.takeAdded());
    const buffer = slots[slot];
    if (buffer === undefined) throw new Error(`slot ${slot} is not known`);
    onPiece(new Uint8Array(buffer, 0, length), slot);
  });
  return { memory, slots, sender };
}

test.each([1000, pieceBytes, 3 * pieceBytes + 1])(
  'chunks of %d bytes are sent whole, and their memory is used again',
  async (chunkBytes) => {
    const seen: Uint8Array[] = [];
    const { memory, slots, sender } = openSender((bytes, slot) => {
      seen.push(new Uint8Array(bytes));
      memory.free([slot]);
    });
    sender.allow(content.length);
    await sender.send(inChunks(chunkBytes));
    expect(Buffer.concat(seen).equals(content)).toBe(true);
    expect(slots).toHaveLength(1);
  },
);

test('a piece that is still used keeps its memory', async () => {
  const kept: Uint8Array[] = [];
  const { slots, sender } = openSender((bytes) => kept.push(bytes));
  sender.allow(content.length);
  await sender.send(inChunks(pieceBytes));
  expect(Buffer.concat(kept).equals(content)).toBe(true);
  expect(slots).toHaveLength(6);
});

test('no more is sent than allowed, and what is dropped keeps no memory', async () => {
  const seen: number[] = [];
  const { memory, slots, sender } = openSender((bytes, slot) => {
    seen.push(bytes.length);
    memory.free([slot]);
  });
  sender.allow(pieceBytes + 1);
  const sent = sender.send(inChunks(pieceBytes));
  // Only the third piece waits for leave.
  while (seen.length < 2) await new Promise(setImmediate);
  sender.drop();
  await sent;
  expect(seen).toEqual([pieceBytes, pieceBytes]);
  const { slot } = memory.take();
  expect(slot).toBeLessThan(slots.length);
});
