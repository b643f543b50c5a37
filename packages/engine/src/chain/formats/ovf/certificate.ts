import { type KeyObject, verify, X509Certificate } from 'node:crypto';
import { quote } from '../../../quote.ts';
import { parseDigestLine } from './manifest-lines.ts';

/** Maximum number of bytes of a certificate with its chain. */
export const certificateBytesMax = 1024 * 1024;
/** Certificates of a chain that are compared. */
const chainMax = 10;
/** No signature with a key of `shortKinds` is longer. Bytes. */
const shortSignatureMax = 160;
const shortKinds: ReadonlySet<string | undefined> = new Set(['dsa', 'ec', 'ed25519', 'ed448']);

const algorithms: ReadonlySet<string> = new Set(['sha1', 'sha256', 'sha384', 'sha512']);
/** A certificate in PEM form, under each of its labels. The end is missing if the file was cut. */
const pemPattern = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[A-Za-z0-9+/=\s]*(?:-----END \1-----)?/g;

/** The certificate with whose key a manifest was signed, and the others next to it. */
export type Signer = { readonly certificate: X509Certificate; readonly others: readonly X509Certificate[] };

/** What a certificate (`.cert`) says about the manifest next to it. */
export type Signature =
  | { readonly kind: 'holds'; readonly signer: Signer; readonly remark: string | null }
  | { readonly kind: 'unchecked'; readonly remark: string }
  | { readonly kind: 'wrong' | 'unreadable'; readonly detail: string };

/**
 * Checks the signature of a manifest: a line `ALGORITHM(name)= hex`, and certificates after it. The signer is the one
 * whose key made the signature. Nothing is said about who the signer is.
 */
export async function checkSignature(certificateFile: Uint8Array, manifest: Uint8Array): Promise<Signature> {
  const text = new TextDecoder().decode(certificateFile);
  const line = parseDigestLine(text.trimStart().split(/[\r\n]/, 1)[0] ?? '');
  const read = readCertificates(text);
  const { certificates, unreadable, count } = read;
  if (line === null || certificates.length === 0) {
    return { kind: 'unreadable', detail: 'it does not have a signature and the certificate of the signer' };
  }
  const signature = Buffer.from(line.hex, 'hex');
  const judged = certificates.map(
    (certificate) => [certificate, isSignedBy(keyOf(certificate), line.algorithm, manifest, signature)] as const,
  );
  const signers = judged.filter(([, hasSigned]) => hasSigned === true).map(([certificate]) => certificate);
  for (const certificate of signers) {
    if (await isDamaged(certificate, certificates)) continue;
    const others = certificates.filter((each) => each !== certificate);
    const remark =
      unreadable === 0 ? null : `${unreadable} of the ${count} certificates with the signature cannot be read`;
    return { kind: 'holds', signer: { certificate, others }, remark };
  }
  if (signers[0] !== undefined) return damaged(signers[0]);
  const possible = judged.filter(([, hasSigned]) => hasSigned === null).map(([certificate]) => certificate);
  return await withoutSigner(read, possible);
}

/** What is known if no certificate proves to be that of the signer. `possible` are those whose keys cannot be checked. */
async function withoutSigner(
  { certificates, unreadable, count }: ReadCertificates,
  possible: readonly X509Certificate[],
): Promise<Signature> {
  if (possible.length > 0) {
    const signer = unreadable === 0 ? onlyLeaf(possible, certificates) : null;
    if (signer !== null && (await isDamaged(signer, certificates))) return damaged(signer);
    const by = signer === null ? '' : ` by ${nameOf(signer)}`;
    return {
      kind: 'unchecked',
      remark: `signed${by} in a way that is not known here, so the signature is not checked`,
    };
  }
  if (count > chainMax) {
    const remark = `signed by none of the first ${chainMax} of ${count} certificates, so the signature is not checked`;
    return { kind: 'unchecked', remark };
  }
  if (unreadable > 0)
    return { kind: 'unreadable', detail: `${unreadable} of its ${count} certificates cannot be read` };
  const signer = onlyLeaf(certificates, certificates);
  const of = signer === null ? '' : ` of ${nameOf(signer)}`;
  return { kind: 'wrong', detail: `the signature${of} is not one of this manifest` };
}

function damaged(certificate: X509Certificate): Signature {
  return { kind: 'wrong', detail: `the certificate of ${nameOf(certificate)} is not the one that was issued` };
}

/** The only one of the candidates that issued none of the certificates; null if there are several, or none. */
function onlyLeaf(
  candidates: readonly X509Certificate[],
  certificates: readonly X509Certificate[],
): X509Certificate | null {
  const isLeaf = (each: X509Certificate) =>
    !certificates.some((other) => other !== each && other.issuer === each.subject);
  const [leaf, ...more] = candidates.filter(isLeaf);
  return leaf === undefined || more.length > 0 ? null : leaf;
}

/** Null if it has a key of an algorithm that is not known. */
function keyOf(certificate: X509Certificate): KeyObject | null {
  try {
    return certificate.publicKey;
  } catch {
    return null;
  }
}

/** Whether a key made a signature; null if nothing here can tell. */
function isSignedBy(
  key: KeyObject | null,
  algorithm: string,
  manifest: Uint8Array,
  signature: Uint8Array,
): boolean | null {
  if (shortKinds.has(key?.asymmetricKeyType) && signature.length > shortSignatureMax) return false;
  if (key?.asymmetricKeyType !== 'rsa' || !algorithms.has(algorithm)) return null;
  try {
    return verify(algorithm, manifest, key, signature);
  } catch {
    // The key is too small for the algorithm.
    return false;
  }
}

type ReadCertificates = {
  readonly certificates: readonly X509Certificate[];
  /** Number of those that cannot be read. */
  readonly unreadable: number;
  /** Number of all certificates in the file, also of those that are left out. */
  readonly count: number;
};

/** Reads the first certificates of a file. */
function readCertificates(text: string): ReadCertificates {
  const pems = text.match(pemPattern) ?? [];
  const first = pems.slice(0, chainMax);
  const certificates = first.flatMap((pem) => {
    try {
      return [new X509Certificate(pem)];
    } catch {
      return [];
    }
  });
  return { certificates, unreadable: first.length - certificates.length, count: pems.length };
}

/**
 * Whether a certificate that signs itself has changed since. One of another issuer is not compared: several may have the
 * name of its issuer, and the right one may not be there.
 */
async function isDamaged(signer: X509Certificate, certificates: readonly X509Certificate[]): Promise<boolean> {
  if (signer.subject !== signer.issuer || !hasName(signer)) return false;
  const issuers = [signer, ...certificates.filter(({ subject }) => subject === signer.issuer)];
  try {
    if (issuers.some(({ publicKey }) => signer.verify(publicKey))) return false;
  } catch {
    return true;
  }
  // Loaded only if needed: it takes a tenth of a second.
  const { namesOtherKey } = await import('./key-identifiers.ts');
  return !namesOtherKey(signer);
}

/** Whether any part of a name has a value. Without one, equal names say nothing. */
function hasName({ subject }: { readonly subject?: string }): boolean {
  return /=./.test(subject ?? '');
}

/** The name of whom a certificate is of, in quotes: it may contain words of a remark. */
export function nameOf({ subject }: { readonly subject?: string }): string {
  return subject === undefined || subject === '' ? 'somebody without a name' : quote(subject.split('\n').join(', '));
}
