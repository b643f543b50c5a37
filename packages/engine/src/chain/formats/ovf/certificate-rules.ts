import type { KeyObject, X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  anyExtendedKeyUsage,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  id_ce_basicConstraints,
  id_ce_certificatePolicies,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_kp_codeSigning,
  KeyUsage,
  KeyUsageFlags,
} from '@peculiar/asn1-x509';
import { nameOf } from './certificate.ts';
import type { CertificatePath } from './certificate-paths.ts';

/** Maximum number of bytes of a certificate that is trusted because of its issuer. */
const certificateBytesMax = 64 * 1024;
/** Smallest RSA key of such a certificate. Bits. */
const modulusBitsMin = 2048;
const acceptedCurves: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** Signatures of certificates that nobody can forge today. */
const acceptedSignatures: ReadonlySet<string> = new Set([
  // RSA with SHA-256, SHA-384 and SHA-512.
  ...['1.2.840.113549.1.1.11', '1.2.840.113549.1.1.12', '1.2.840.113549.1.1.13'],
  // ECDSA with the same.
  ...['1.2.840.10045.4.3.2', '1.2.840.10045.4.3.3', '1.2.840.10045.4.3.4'],
  // Ed25519 and Ed448.
  ...['1.3.101.112', '1.3.101.113'],
]);

const weakSignatures: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'MD5',
  '1.2.840.113549.1.1.5': 'SHA-1',
  '1.2.840.10045.4.1': 'SHA-1',
};

/** Extensions that are checked here or say nothing about whom a certificate may vouch for. */
const knownExtensions: ReadonlySet<string> = new Set([
  ...[id_ce_basicConstraints, id_ce_keyUsage, id_ce_extKeyUsage, id_ce_subjectAltName, id_ce_certificatePolicies],
]);

/** What a certificate says about its use. */
type Rules = {
  /** Object identifier of the algorithm with which its issuer signed it. */
  readonly signature: string;
  /** An extension that limits the certificate in a way that is not known here; null if there is none. */
  readonly unknownExtension: string | null;
  /** Maximum number of certificates between this one and that of a signer. */
  readonly issuersBelowMax: number;
  readonly maySignData: boolean;
  readonly isForCode: boolean;
};

/** Why a path does not make its signer trusted; null if it does. */
export function refusalOfPath(path: CertificatePath): string | null {
  // A certificate of a signer that is named as a root is trusted as it is.
  if (path.length === 1) return null;
  for (const [index, certificate] of path.entries()) {
    const place = { isSigner: index === 0, isRoot: index === path.length - 1, below: path.slice(1, index) };
    const refusal = refusalOf(certificate, place);
    if (refusal !== null) return refusal;
  }
  return null;
}

type Place = {
  readonly isSigner: boolean;
  readonly isRoot: boolean;
  /** The certificates between this one and that of the signer. */
  readonly below: readonly X509Certificate[];
};

function refusalOf(certificate: X509Certificate, { isSigner, isRoot, below }: Place): string | null {
  const whose = `the certificate of ${nameOf(certificate)}`;
  const rules = rulesOf(certificate);
  if (rules === null) return `${whose} cannot be read`;
  if (!isSigner && !certificate.ca) return `${whose} may not issue others`;
  const between = below.filter(({ subject, issuer }) => subject !== issuer);
  if (between.length > rules.issuersBelowMax) return `${whose} may not issue others that issue certificates`;
  if (rules.unknownExtension !== null)
    return `${whose} is limited in a way that is not known here (${rules.unknownExtension})`;
  // The operator who named the root vouches for its key.
  if (isRoot) return null;
  const weak = weakSignatures[rules.signature];
  if (weak !== undefined) return `${whose} is signed with ${weak}, which can be forged`;
  if (!acceptedSignatures.has(rules.signature))
    return `${whose} is signed in a way that is not known here (${rules.signature})`;
  if (isWeak(certificate.publicKey)) return `the key of ${nameOf(certificate)} is too weak`;
  if (isSigner && !rules.maySignData) return `${whose} is not for signatures`;
  return rules.isForCode ? null : `${whose} is not for signing code`;
}

function isWeak({ asymmetricKeyDetails: { modulusLength, namedCurve } = {} }: KeyObject): boolean {
  if (namedCurve !== undefined) return !acceptedCurves.has(namedCurve);
  return modulusLength !== undefined && modulusLength < modulusBitsMin;
}

/** The rules of certificates that were read: one may be on many paths. */
const knownRules = new WeakMap<X509Certificate, Rules | null>();

function rulesOf(certificate: X509Certificate): Rules | null {
  const known = knownRules.get(certificate);
  if (known !== undefined) return known;
  const rules = readRules(certificate);
  knownRules.set(certificate, rules);
  return rules;
}

/**
 * Reads what Node does not show of a certificate. Null if an extension cannot be read, or is there twice, so that nothing
 * says which one counts.
 */
function readRules({ raw }: X509Certificate): Rules | null {
  if (raw.length > certificateBytesMax) return null;
  try {
    const { tbsCertificate, signatureAlgorithm } = AsnConvert.parse(raw, Certificate);
    const extensions = tbsCertificate.extensions ?? [];
    const values = new Map(extensions.map(({ extnID, extnValue }) => [extnID, extnValue.buffer]));
    if (values.size < extensions.length) return null;
    const constraints = values.get(id_ce_basicConstraints);
    const usage = values.get(id_ce_keyUsage);
    const purposes = values.get(id_ce_extKeyUsage);
    const flags = usage === undefined ? null : AsnConvert.parse(usage, KeyUsage).toNumber();
    const isPurpose = (each: string) => each === id_kp_codeSigning || each === anyExtendedKeyUsage;
    const unknown = extensions.find(
      ({ critical, extnID }) => extnID === id_ce_nameConstraints || (critical && !knownExtensions.has(extnID)),
    );
    return {
      signature: signatureAlgorithm.algorithm,
      unknownExtension: unknown?.extnID ?? null,
      issuersBelowMax:
        (constraints && AsnConvert.parse(constraints, BasicConstraints).pathLenConstraint) ?? Number.POSITIVE_INFINITY,
      maySignData: flags === null || (flags & (KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation)) !== 0,
      isForCode: purposes === undefined || AsnConvert.parse(purposes, ExtendedKeyUsage).some(isPurpose),
    };
  } catch {
    return null;
  }
}
