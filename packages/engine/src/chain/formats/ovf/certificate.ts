import { type KeyObject, verify, X509Certificate } from 'node:crypto';
import { quote } from '../../../quote.ts';
import { parseDigestLine } from './manifest-lines.ts';

/** Maximum number of bytes of a certificate with its chain. */
export const certificateBytesMax = 1024 * 1024;
/** Certificates of a chain that are compared. */
const chainMax = 10;

const algorithms: Readonly<Record<string, string>> = {
  sha1: 'sha1',
  sha256: 'sha256',
  sha384: 'sha384',
  sha512: 'sha512',
};
const pemPattern = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----/g;

/** The certificate with whose key a manifest was signed, and the others next to it. */
export type Signer = { readonly certificate: X509Certificate; readonly others: readonly X509Certificate[] };

/** What a certificate (`.cert`) says about the manifest next to it. */
export type Signature =
  | { readonly kind: 'holds'; readonly signer: Signer }
  | { readonly kind: 'unchecked'; readonly remark: string }
  | { readonly kind: 'wrong' | 'unreadable'; readonly detail: string };

/**
 * Checks the signature of a manifest: a line `ALGORITHM(name)= hex`, and the certificate of the signer after it. Nothing
 * is said about who the signer is.
 */
export function checkSignature(certificateFile: Uint8Array, manifest: Uint8Array): Signature {
  const text = Buffer.from(certificateFile).toString('latin1');
  const line = parseDigestLine(text.trimStart().split(/[\r\n]/, 1)[0] ?? '');
  const [certificate, ...others] = readCertificates(text) ?? [];
  if (line === null || certificate === undefined) {
    return { kind: 'unreadable', detail: 'it does not have a signature and the certificate of the signer' };
  }
  const name = nameOf(certificate);
  if (isDamaged(certificate, others)) {
    return { kind: 'wrong', detail: `the certificate of ${name} is not the one that was issued` };
  }
  const algorithm = algorithms[line.algorithm];
  const key = keyOf(certificate);
  if (algorithm === undefined || key?.asymmetricKeyType !== 'rsa') {
    return {
      kind: 'unchecked',
      remark: `signed by ${name} in a way that is not known here, so the signature is not checked`,
    };
  }
  if (!isSignedBy(key, algorithm, manifest, Buffer.from(line.hex, 'hex'))) {
    return { kind: 'wrong', detail: `the signature of ${name} is not one of this manifest` };
  }
  return { kind: 'holds', signer: { certificate, others } };
}

/** Null if it has a key of an algorithm that is not known. */
function keyOf(certificate: X509Certificate): KeyObject | null {
  try {
    return certificate.publicKey;
  } catch {
    return null;
  }
}

/** A key that is too small for the algorithm cannot have signed with it. */
function isSignedBy(key: KeyObject, algorithm: string, manifest: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(algorithm, manifest, key, signature);
  } catch {
    return false;
  }
}

/** Null if one of them cannot be read. */
function readCertificates(text: string): readonly X509Certificate[] | null {
  try {
    return (text.match(pemPattern) ?? []).slice(0, chainMax).map((pem) => new X509Certificate(pem));
  } catch {
    return null;
  }
}

/**
 * Whether a certificate that signs itself has changed since. One of another issuer is not compared: several may have the
 * name of its issuer, and the right one may not be there.
 */
function isDamaged(signer: X509Certificate, others: readonly X509Certificate[]): boolean {
  if (signer.subject !== signer.issuer) return false;
  const issuers = [signer, ...others.filter(({ subject }) => subject === signer.issuer)];
  try {
    return !issuers.some(({ publicKey }) => signer.verify(publicKey));
  } catch {
    return true;
  }
}

/** The name of whom a certificate is of, in quotes: it may contain words of a remark. */
export function nameOf({ subject }: { readonly subject?: string }): string {
  return subject === undefined || subject === '' ? 'somebody without a name' : quote(subject.split('\n').join(', '));
}
