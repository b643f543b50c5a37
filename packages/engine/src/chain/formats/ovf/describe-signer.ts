import type { X509Certificate } from 'node:crypto';
import type { TrustedRoots } from '../../../trusted-roots.ts';
import { nameOf, type Signer } from './certificate.ts';
import { type CertificatePath, findPaths } from './certificate-paths.ts';
import { refusalOfPath } from './certificate-rules.ts';

/**
 * Describes who signed a manifest, and which trusted root vouches for that. Nothing here makes a package broken: its
 * files are as whole without a known signer, or years after the certificate expired.
 */
export function describeSigner({ certificate, others }: Signer, roots: TrustedRoots, nowMs: number): string {
  const signed = `signed by ${nameOf(certificate)}`;
  let refusal: string | null = null;
  let outdated: string | null = null;
  for (const path of findPaths(certificate, others, roots.certificates)) {
    const refused = refusalOfPath(path);
    if (refused !== null) {
      refusal ??= refused;
      continue;
    }
    const trusted = `${signed}, ${describeRoot(path)}`;
    const dates = describeDates(path, nowMs);
    if (dates === null) return trusted;
    outdated ??= `${trusted}; ${dates}`;
  }
  if (outdated !== null) return outdated;
  return `${signed}, whose certificate leads to none of the trusted roots${refusal === null ? '' : `: ${refusal}`}`;
}

function describeRoot(path: CertificatePath): string {
  const root = path.at(-1);
  return root === undefined || path.length === 1
    ? 'whose certificate is a trusted root'
    : `trusted by root ${nameOf(root)}`;
}

/** Why a path was not valid at some time, now or earlier; null if all of its certificates are. */
function describeDates(path: CertificatePath, nowMs: number): string | null {
  const [first] = path.toSorted((one, other) => one.validToDate.getTime() - other.validToDate.getTime());
  if (first !== undefined && first.validToDate.getTime() < nowMs) {
    return `the certificate of ${nameOf(first)} expired on ${dayOf(first.validToDate)}, and nothing says whether the signature is older`;
  }
  const early = path.find(({ validFromDate }) => validFromDate.getTime() > nowMs);
  return early === undefined
    ? null
    : `the certificate of ${nameOf(early)} is only valid from ${dayOf(early.validFromDate)} on`;
}

function dayOf(date: X509Certificate['validToDate']): string {
  return date.toISOString().slice(0, 10);
}
