import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import { toUint8Array } from '@smithy/core/serde';

type Data = string | ArrayBuffer | ArrayBufferView;

/** Keys of the bytes that were given as secrets. The SDK keeps the bytes of a signing key, and gives them each time. */
const keys = new WeakMap<ArrayBuffer | ArrayBufferView, KeyObject>();

/**
 * SHA-256, or HMAC-SHA-256 if there is a secret, as the SDK needs them to sign requests.
 *
 * The SDK's own class gives Node the signing key as bytes for each request. Node takes five times as long to make a key
 * of them as for the HMAC itself.
 */
export class SignatureHash {
  readonly #secret: string | KeyObject | null;
  readonly #pieces: Uint8Array[] = [];

  constructor(secret?: Data) {
    this.#secret = secret === undefined ? null : typeof secret === 'string' ? secret : keyOf(secret);
  }

  update(data: Data): void {
    this.#pieces.push(toUint8Array(data));
  }

  async digest(): Promise<Uint8Array> {
    const data = Buffer.concat(this.#pieces);
    if (this.#secret === null) return hash('sha256', data, 'buffer');
    return createHmac('sha256', this.#secret).update(data).digest();
  }
}

function keyOf(secret: ArrayBuffer | ArrayBufferView): KeyObject {
  const key = keys.get(secret) ?? createSecretKey(toUint8Array(secret));
  keys.set(secret, key);
  return key;
}
