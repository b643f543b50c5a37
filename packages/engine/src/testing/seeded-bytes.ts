import { hash } from 'node:crypto';

/** Bytes that look random but are the same for the same seed, so that generated data never changes. */
export function seededBytes(seed: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let offset = 0; offset < length; offset += 32) {
    const block = hash('sha256', `${seed}/${offset}`, 'buffer');
    bytes.set(block.subarray(0, Math.min(32, length - offset)), offset);
  }
  return bytes;
}

/** A version 4 UUID that is the same for the same seed. */
export function seededUuid(seed: string): string {
  const hex = hash('sha256', seed);
  const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) % 4);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
