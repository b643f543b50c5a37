import { createHash, X509Certificate } from 'node:crypto';

/** Maximum number of trusted roots. Public collections have about 150. */
const rootsMax = 1000;

/** The certificates that an operator trusts to vouch for who signed a package. */
export type TrustedRoots = {
  readonly certificates: readonly X509Certificate[];
  /** Identifies the certificates, in whatever order; null if there are none. */
  readonly digest: string | null;
};

export const noTrustedRoots: TrustedRoots = { certificates: [], digest: null };

/** Certificates that cannot be trusted roots. The message says which one and why. */
export class TrustedRootsError extends Error {
  override readonly name = 'TrustedRootsError';
}

/** Parses certificates in PEM form. Throws {@link TrustedRootsError}. */
export function parseTrustedRoots(pems: readonly string[]): TrustedRoots {
  if (pems.length > rootsMax) throw new TrustedRootsError(`it has ${pems.length} certificates, more than ${rootsMax}`);
  const certificates = pems.map((pem, index) => {
    try {
      return new X509Certificate(pem);
    } catch (cause) {
      throw new TrustedRootsError(`certificate ${index + 1} of ${pems.length} cannot be read`, { cause });
    }
  });
  const fingerprints = certificates.map(({ fingerprint256 }) => fingerprint256).toSorted();
  return { certificates, digest: createHash('sha256').update(fingerprints.join()).digest('hex') };
}
