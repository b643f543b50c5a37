import type { X509Certificate } from 'node:crypto';

/** Maximum number of ways that are followed. Three issuers with one name below three of another make 13. */
const waysMax = 1000;

/** From the certificate of a signer to a trusted root: each is issued by the next. */
export type CertificatePath = readonly [signer: X509Certificate, ...issuers: X509Certificate[]];

/**
 * Finds the paths from the certificate of a signer to trusted roots, over certificates in any order. The shortest comes
 * first. Whether the certificates on it may issue others is not checked. A certificate that is itself trusted leads to
 * itself.
 */
export function* findPaths(
  signer: X509Certificate,
  others: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): Generator<CertificatePath> {
  const rootsByFingerprint = byFingerprint(roots);
  if (rootsByFingerprint.has(signer.fingerprint256)) {
    yield [signer];
    return;
  }
  const between = byFingerprint(others);
  for (const fingerprint of [signer.fingerprint256, ...rootsByFingerprint.keys()]) between.delete(fingerprint);
  const issuersOf = rememberIssuers([...between.values()], [...rootsByFingerprint.values()]);
  const ways: CertificatePath[] = [[signer]];
  // Ways are added while they are followed.
  for (const way of ways) {
    const issuers = issuersOf(way.at(-1) ?? signer);
    for (const root of issuers.roots) yield [...way, root];
    for (const other of issuers.others) {
      // Certificates that issue each other would never end.
      if (ways.length < waysMax && !way.includes(other)) ways.push([...way, other]);
    }
  }
}

type Issuers = { readonly roots: readonly X509Certificate[]; readonly others: readonly X509Certificate[] };

/** Finds the issuers of a certificate, once: it may be on many paths. */
function rememberIssuers(others: readonly X509Certificate[], roots: readonly X509Certificate[]) {
  const known = new Map<X509Certificate, Issuers>();
  return (certificate: X509Certificate): Issuers => {
    const mayIssue = (issuer: X509Certificate) => isIssuedBy(certificate, issuer);
    const issuers = known.get(certificate) ?? { roots: roots.filter(mayIssue), others: others.filter(mayIssue) };
    known.set(certificate, issuers);
    return issuers;
  };
}

function byFingerprint(certificates: readonly X509Certificate[]): Map<string, X509Certificate> {
  return new Map(certificates.map((certificate) => [certificate.fingerprint256, certificate]));
}

/** Whether the names agree, the key of the issuer may sign certificates, and it signed this one. */
function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    // A key of a kind that is not known.
    return false;
  }
}
