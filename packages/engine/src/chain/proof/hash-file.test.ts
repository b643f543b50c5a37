import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HashFileFault, type HashFileHeader, readHashFile } from './hash-file.ts';

const header = { version: '1.0.0', backup_id: 'b', volume_id: 'v', chunk_size: 32768 };

function hashes(count: number): string[] {
  return Array.from({ length: count }, (_, index) => createHash('sha256').update(`${index}`).digest('hex'));
}

async function* inPieces(text: string | Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

type Found = { readonly hashes: string[]; readonly header: HashFileHeader | null };

async function read(text: string | Uint8Array, pieceBytes = 1000): Promise<Found> {
  const parts: Uint8Array[] = [];
  let header: HashFileHeader | null = null;
  for await (const part of readHashFile(inPieces(text, pieceBytes))) {
    if (part instanceof Uint8Array) parts.push(part);
    else header = part;
  }
  return { hashes: Buffer.concat(parts).toString('hex').match(/.{64}/g) ?? [], header };
}

test('reads the same hashes however the file is split, spaced and ordered', async () => {
  const spacing = fc.constantFrom(0, 2, '\t', 9);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(40),
      fc.integer({ min: 1, max: 300 }),
      spacing,
      fc.boolean(),
      async (count, piece, space, last) => {
        const sha256s = hashes(count);
        const text = JSON.stringify(last ? { ...header, sha256s } : { sha256s, ...header }, null, space);
        const found = await read(text.replaceAll('\n', ' \r\n'), piece);
        expect(found.hashes).toEqual(sha256s);
        expect(found.header).toEqual({
          version: '1.0.0',
          backupId: 'b',
          volumeId: 'v',
          blockBytes: 32768,
          hashCount: count,
        });
      },
    ),
    { numRuns: 50 },
  );
});

/** What reading gives: the hashes, or the message of the fault. */
async function resultOf(text: Uint8Array, pieceBytes: number): Promise<string[] | string> {
  try {
    return (await read(text, pieceBytes)).hashes;
  } catch (error) {
    if (!(error instanceof HashFileFault)) throw error;
    return error.message;
  }
}

test('a changed byte in the hashes has the same result however the file is split', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(undefined, 2, 20),
      fc.nat(),
      fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('"[],{}: \\09afAFgG'))),
      fc.integer({ min: 64, max: 5000 }),
      async (space, place, byte, pieceBytes) => {
        const text = Buffer.from(JSON.stringify({ ...header, sha256s: hashes(30) }, null, space));
        const from = text.indexOf('[') + 1;
        text[from + (place % (text.lastIndexOf(']') + 1 - from))] = byte;
        // Single bytes are never a whole hash, so this takes the path that checks each byte.
        const simply = await resultOf(text, 1);
        expect(await resultOf(text, pieceBytes)).toEqual(simply);
        const isRight = Array.isArray(simply);
        expect(isRight).toBe(isHashFile(text.toString('latin1')));
        if (isRight) expect(simply).toEqual(JSON.parse(`${text}`).sha256s.map((hash: string) => hash.toLowerCase()));
      },
    ),
    { numRuns: 500 },
  );
});

function isHashFile(text: string): boolean {
  try {
    return JSON.parse(text).sha256s.every((hash: unknown) => typeof hash === 'string' && /^[0-9a-f]{64}$/i.test(hash));
  } catch {
    return false;
  }
}

test('yields hashes in batches, not all at once', async () => {
  const batches: number[] = [];
  const text = JSON.stringify({ ...header, sha256s: hashes(5000) });
  for await (const part of readHashFile(inPieces(text, 65536)))
    if (part instanceof Uint8Array) batches.push(part.length);
  expect(batches).toEqual([65536, 65536, 28928]);
});

test.each([
  ['63 digits', `["${'a'.repeat(63)}"]`, 'sha256s[0]'],
  ['65 digits', `["${'a'.repeat(65)}"]`, 'sha256s[0]'],
  ['a character that is not a digit', `["${'a'.repeat(64)}","${'g'.repeat(64)}"]`, 'sha256s[1]'],
  ['no comma', `["${'a'.repeat(64)}" "${'a'.repeat(64)}"]`, 'sha256s[1]'],
  ['a comma too many', `["${'a'.repeat(64)}",]`, 'sha256s[1]'],
  ['a number', '[1]', 'sha256s[0]'],
  ['no array', '"x"', 'sha256s must be an array'],
  ['an object', '{}', 'sha256s must be an array'],
])('refuses hashes with %s, and says where', async (_, array, message) => {
  const text = JSON.stringify({ ...header, sha256s: 0 }).replace(/0}$/, `${array}}`);
  await expect(read(text)).rejects.toThrow(HashFileFault);
  await expect(read(text)).rejects.toThrow(message);
});

test.each([
  ['chunk_size', 0],
  ['chunk_size', '32768'],
  ['version', undefined],
  ['backup_id', null],
])('refuses %s %s', async (key, value) => {
  const text = JSON.stringify({ ...header, sha256s: [], [key]: value });
  await expect(read(text)).rejects.toThrow(key);
});
