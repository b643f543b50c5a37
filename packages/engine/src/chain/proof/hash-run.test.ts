import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DecodeRun, decodeRunByWords, decodeRunWithSimd } from './hash-run.ts';

const decoders: readonly (readonly [string, DecodeRun | null])[] = [
  ['with SIMD instructions', decodeRunWithSimd],
  ['by words', decodeRunByWords],
];

/** Decodes one entry after another, as {@link DecodeRun} says. */
function decodeSimply(source: string, from: number, lead: number, hashesMax: number): string[] {
  const firstLead = source.slice(from, from + lead);
  const hashes: string[] = [];
  for (let at = from; hashes.length < hashesMax; at += lead + 65) {
    const hash = source.slice(at + lead, at + lead + 64);
    if (source.slice(at, at + lead) !== firstLead || !/^[0-9a-f]{64}$/.test(hash)) break;
    if (source[at + lead + 64] !== '"') break;
    hashes.push(hash);
  }
  return hashes;
}

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const blanks = fc.string({ unit: fc.constantFrom(' ', '\n', '\r', '\t'), maxLength: 20 });

const runs = fc
  .record({ before: fc.nat(20), lead: blanks.map((text) => `,${text}"`), hashes: fc.array(hash, { maxLength: 12 }) })
  .map(({ before, lead, hashes }) => ({
    from: before,
    lead: lead.length,
    text: '-'.repeat(before) + hashes.map((digits) => `${lead}${digits}"`).join(''),
  }));

describe.each(decoders)('decoding %s', (_, decode) => {
  const isMissing = decode === null;

  test.skipIf(isMissing)('decodes a run up to the first entry that is cut or differs, at any place', () => {
    fc.assert(
      fc.property(
        runs,
        fc.nat(),
        fc.option(fc.nat(255)),
        fc.nat(100),
        fc.nat(14),
        (run, place, replacement, cut, hashesMax) => {
          const source = Buffer.from(run.text, 'latin1');
          // The first lead is what the caller has found, so it stays.
          const changeable = source.length - run.from - run.lead;
          if (replacement !== null && changeable > 0) source[run.from + run.lead + (place % changeable)] = replacement;
          const given = source.subarray(0, Math.max(run.from + run.lead, source.length - cut));
          const target = Buffer.alloc(hashesMax * 32);
          const decoded = decode?.(given, run.from, run.lead, target) ?? 0;
          const expected = decodeSimply(given.toString('latin1'), run.from, run.lead, hashesMax);
          expect(target.subarray(0, decoded * 32).toString('hex')).toBe(expected.join(''));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test.skipIf(isMissing)('accepts no other byte than a digit in lower case, at any place of a hash', () => {
    const digits = '0123456789abcdef'.repeat(4);
    for (let place = 0; place < 64; place += 1) {
      for (let byte = 0; byte < 256; byte += 1) {
        const source = Buffer.from(`,"${digits}"`);
        source[2 + place] = byte;
        const isDigit = /[0-9a-f]/.test(String.fromCharCode(byte));
        expect(decode?.(source, 0, 2, Buffer.alloc(32)), `byte ${byte} at ${place}`).toBe(Number(isDigit));
      }
    }
  });

  test.skipIf(isMissing)('decodes a run that is longer than what is decoded at once', () => {
    const hashes = Array.from({ length: 5000 }, (_, index) => index.toString(16).padStart(64, '0'));
    const target = Buffer.alloc(5000 * 32);
    const source = Buffer.from(hashes.map((digits) => `,\n    "${digits}"`).join(''));
    expect(decode?.(source, 0, 7, target)).toBe(5000);
    expect(target.toString('hex')).toBe(hashes.join(''));
  });
});
