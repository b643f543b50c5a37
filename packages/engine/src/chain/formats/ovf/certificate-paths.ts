import type { X509Certificate } from 'node:crypto';

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
  const isRoot = new Set(roots.map(({ fingerprint256 }) => fingerprint256));
  if (isRoot.has(signer.fingerprint256)) {
    yield [signer];
    return;
  }
  // Each certificate is on one path only, so that certificates that issue each other end.
  const visited = new Set([signer.fingerprint256]);
  const open: CertificatePath[] = [[signer]];
  for (let path = open.shift(); path !== undefined; path = open.shift()) {
    const last = path.at(-1) ?? signer;
    for (const root of roots) if (isIssuedBy(last, root)) yield [...path, root];
    for (const other of others) {
      const { fingerprint256 } = other;
      if (visited.has(fingerprint256) || isRoot.has(fingerprint256) || !isIssuedBy(last, other)) continue;
      visited.add(fingerprint256);
      open.push([...path, other]);
    }
  }
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
