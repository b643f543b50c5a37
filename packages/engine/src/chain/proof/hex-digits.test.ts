import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeHex } from './hex-digits.ts';

/** The bytes that were written at `at`, or null if not all characters were digits. */
function decode(text: string, at: number): string | null {
  const source = Buffer.from('-'.repeat(at) + text, 'latin1');
  const target = new Uint8Array(at + text.length / 2);
  const isRight = decodeHex(viewOf(source), at, viewOf(target), at, text.length / 2);
  return isRight ? Buffer.from(target.subarray(at)).toString('hex') : null;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

test('hex digits are decoded at any offset', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), fc.nat(9), (bytes, at) => {
      const text = Buffer.from(bytes).toString('hex');
      expect(decode(text, at)).toBe(text);
    }),
  );
});

test('any other byte instead of a digit is detected', () => {
  for (let byte = 0; byte < 256; byte += 1) {
    const character = String.fromCharCode(byte);
    for (let at = 0; at < 8; at += 1) {
      const text = '12ef09ab'.slice(0, at) + character + '12ef09ab'.slice(at + 1);
      expect(decode(text, 0), `byte ${byte} at ${at}`).toBe(/[0-9a-f]/.test(character) ? text : null);
    }
  }
});
