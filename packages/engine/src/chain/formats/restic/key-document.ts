import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { ObjectEntry } from '../../../storage/port.ts';
import type { BucketContext } from '../../chain-context.ts';
import { JsonFault } from '../../json/bounded-json.ts';
import { readTopFields } from '../../json/top-fields.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { readStart } from '../../read-range.ts';

/** Largest key that is read, in bytes. restic's have some 450. */
const keyBytesMax = 64 * 1024;
/** Memory and work of scrypt beyond this are no settings of restic, but an attack on those who try a password. */
const costMax = 2 ** 30;
/** Bytes of the nonce and the checksum around everything that is encrypted. */
export const sealBytes = 32;

/**
 * Reads a key of the repository, and checks that a password could open it. Throws `ReadFault`: `content_mismatch` if its
 * bytes are not those that its name says, `metadata_unreadable` if they are no key. Throws storage errors.
 */
export async function checkKey(context: BucketContext, entry: ObjectEntry, sha256: string): Promise<void> {
  const { key } = entry;
  if (entry.size > keyBytesMax) throw unreadable(`${key} has ${entry.size} bytes, too many for a key`);
  const bytes = await readStart(context, entry, keyBytesMax);
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
    const detail = `${key} does not have the SHA-256 that its name says`;
    throw new ReadFault({ code: 'content_mismatch', detail }, false);
  }
  const problem = await problemOf(bytes);
  if (problem !== null) throw unreadable(`${key} ${problem}`);
}

async function problemOf(bytes: Uint8Array): Promise<string | null> {
  try {
    const fields = await readTopFields(piecesOf(bytes), ['kdf', 'N', 'r', 'p', 'salt', 'data']);
    if (fields.get('kdf') !== 'scrypt') return 'is not for a password that scrypt derives a key from';
    const [n, r, p] = ['N', 'r', 'p'].map((name) => fields.get(name));
    if (!isCount(n) || !isCount(r) || !isCount(p) || n < 2 || !Number.isInteger(Math.log2(n)) || n * r * p > costMax) {
      return 'has impossible settings of scrypt';
    }
    if (lengthOf(fields.get('salt')) === 0) return 'has no salt';
    return lengthOf(fields.get('data')) > sealBytes ? null : 'has no encrypted keys';
  } catch (error) {
    if (error instanceof JsonFault) return `is not a key: ${error.message}`;
    throw error;
  }
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}

/** Number of bytes that a text in Base64 stands for; 0 if it is none. */
function lengthOf(value: unknown): number {
  return typeof value === 'string' && /^[A-Za-z0-9+/]+={0,2}$/.test(value) ? Buffer.from(value, 'base64').length : 0;
}

function unreadable(detail: string): ReadFault {
  return new ReadFault({ code: 'metadata_unreadable', detail }, false);
}
