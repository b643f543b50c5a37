import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';

const secretPrefix = 'whsec_';
const privatePrefix = 'whsk_';
const publicPrefix = 'whpk_';
const secretBytes = 32;

/** What surrounds the 32 bytes of a private Ed25519 key in PKCS #8: RFC 8410. */
const privateKeyHead = Buffer.from('302e020100300506032b657004220420', 'hex');

/** What signs one event: the secret, and the private key if there is one. */
export type SigningKeys = { readonly secret: string; readonly privateKey: string | null };

/** Makes a secret for HMAC signatures, in the form of Standard Webhooks. */
export function makeSecret(): string {
  return `${secretPrefix}${randomBytes(secretBytes).toString('base64')}`;
}

/** Makes a pair of Ed25519 keys, in the form of Standard Webhooks. */
export function makeKeyPair(): { readonly privateKey: string; readonly publicKey: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d = '' } = privateKey.export({ format: 'jwk' });
  return {
    privateKey: `${privatePrefix}${Buffer.from(d, 'base64url').toString('base64')}`,
    publicKey: publicPartOf(privateKey),
  };
}

function publicPartOf(privateKey: KeyObject): string {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return `${publicPrefix}${Buffer.from(x, 'base64url').toString('base64')}`;
}

/** Returns the headers of a message: its id, the time of the try, and a signature by each key. */
export function signedHeaders(
  message: { readonly id: string; readonly body: string },
  keys: readonly SigningKeys[],
  nowMs: number,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signed = `${message.id}.${timestamp}.${message.body}`;
  return {
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': keys.flatMap((each) => signaturesOf(signed, each)).join(' '),
  };
}

function signaturesOf(signed: string, { secret, privateKey }: SigningKeys): readonly string[] {
  const key = Buffer.from(secret.slice(secretPrefix.length), 'base64');
  const byHmac = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  if (privateKey === null) return [byHmac];
  const seed = Buffer.from(privateKey.slice(privatePrefix.length), 'base64');
  const signing = createPrivateKey({ key: Buffer.concat([privateKeyHead, seed]), format: 'der', type: 'pkcs8' });
  return [byHmac, `v1a,${sign(null, Buffer.from(signed), signing).toString('base64')}`];
}
