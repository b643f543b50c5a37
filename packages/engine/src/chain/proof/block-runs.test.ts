import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChangedBlocks } from './block-runs.ts';

test('finds exactly the blocks whose hash differs in any byte, however the lists are split', () => {
  const changes = fc.array(fc.record({ block: fc.nat(399), byte: fc.nat(31) }), { maxLength: 30 });
  fc.assert(
    fc.property(changes, fc.integer({ min: 1, max: 400 }), fc.nat(3), (changed, partHashes, skew) => {
      // Not at a multiple of four bytes, as a piece from storage may be.
      const parent = Buffer.alloc(skew + 400 * 32, 7).subarray(skew);
      const child = Buffer.from(parent);
      for (const { block, byte } of changed) child[block * 32 + byte] = 8;
      const blocks = new ChangedBlocks(400);
      for (let at = 0; at < parent.length; at += partHashes * 32) {
        blocks.compare(child.subarray(at, at + partHashes * 32), parent.subarray(at, at + partHashes * 32));
      }
      const { runs } = blocks;
      const found: number[] = [];
      for (let run = 0; run < runs.count; run += 1) {
        for (let block = runs.startAt(run); block < runs.endAt(run); block += 1) found.push(block);
      }
      expect(found).toEqual([...new Set(changed.map(({ block }) => block))].toSorted((one, other) => one - other));
    }),
  );
});
