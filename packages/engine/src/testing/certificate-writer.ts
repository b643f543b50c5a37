import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  KeyUsage,
  Name,
  RelativeDistinguishedName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';
import type { PackagedFile } from './ovf-writer.ts';

const commonName = '2.5.4.3';

/** Algorithms with which certificates are signed: the object identifier, and the name of the hash in Node. */
const signatures = {
  'RSA-MD5': ['1.2.840.113549.1.1.4', 'md5'],
  'RSA-SHA1': ['1.2.840.113549.1.1.5', 'sha1'],
  'RSA-SHA224': ['1.2.840.113549.1.1.14', 'sha224'],
  'RSA-SHA256': ['1.2.840.113549.1.1.11', 'sha256'],
  'ECDSA-SHA1': ['1.2.840.10045.4.1', 'sha1'],
  'ECDSA-SHA256': ['1.2.840.10045.4.3.2', 'sha256'],
} as const;

export type KeyPair = { readonly privateKey: KeyObject; readonly publicKey: KeyObject };

/** A certificate with its key. */
export type Issued = KeyPair & { readonly name: string; readonly der: Buffer; readonly pem: string };

export type CertificatePlan = {
  readonly name: string;
  readonly keys: KeyPair;
  /** Null for a certificate that signs itself. */
  readonly issuer: Pick<Issued, 'name' | 'privateKey'> | null;
  readonly signature?: keyof typeof signatures;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Null for a certificate that does not say whether it may issue others. */
  readonly mayIssue?: boolean | null;
  readonly pathLength?: number;
  /** Flags of `KeyUsageFlags`. */
  readonly usage?: number;
  readonly purposes?: readonly string[];
  readonly more?: readonly Extension[];
};

export function ellipticKeys(namedCurve = 'P-256'): KeyPair {
  return generateKeyPairSync('ec', { namedCurve });
}

export function rsaKeys(modulusLength = 2048): KeyPair {
  return generateKeyPairSync('rsa', { modulusLength });
}

/** Writes a certificate as RFC 5280 describes it, also one that no authority would issue. */
export function issueCertificate(plan: CertificatePlan): Issued {
  const { name, keys, mayIssue = false, pathLength, usage, purposes, more = [] } = plan;
  const signer = plan.issuer ?? { name, privateKey: keys.privateKey };
  const isRsa = signer.privateKey.asymmetricKeyType === 'rsa';
  const [algorithm, hash] = signatures[plan.signature ?? (isRsa ? 'RSA-SHA256' : 'ECDSA-SHA256')];
  const signatureAlgorithm = new AlgorithmIdentifier({ algorithm, ...(isRsa && { parameters: null }) });
  const constraints = new BasicConstraints({
    cA: mayIssue === true,
    ...(pathLength !== undefined && { pathLenConstraint: pathLength }),
  });
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: Uint8Array.of(1).buffer,
    signature: signatureAlgorithm,
    issuer: nameWith(signer.name),
    validity: new Validity({
      notBefore: plan.notBefore ?? new Date('2020-01-01T00:00:00Z'),
      notAfter: plan.notAfter ?? new Date('2049-01-01T00:00:00Z'),
    }),
    subject: nameWith(name),
    subjectPublicKeyInfo: AsnConvert.parse(
      keys.publicKey.export({ type: 'spki', format: 'der' }),
      SubjectPublicKeyInfo,
    ),
    extensions: new Extensions([
      ...(mayIssue === null ? [] : [extension(id_ce_basicConstraints, constraints)]),
      ...(usage === undefined ? [] : [extension(id_ce_keyUsage, new KeyUsage(usage))]),
      ...(purposes === undefined ? [] : [extension(id_ce_extKeyUsage, new ExtendedKeyUsage([...purposes]))]),
      ...more,
    ]),
  });
  const signatureValue = sign(hash, Buffer.from(AsnConvert.serialize(tbsCertificate)), signer.privateKey);
  const certificate = new Certificate({
    ...{ tbsCertificate, signatureAlgorithm },
    signatureValue: new Uint8Array(signatureValue).buffer,
  });
  const der = Buffer.from(AsnConvert.serialize(certificate));
  return { ...keys, name, der, pem: pemOf(der) };
}

function pemOf(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
}

/** A critical extension. */
export function extension(extnID: string, value: unknown): Extension {
  return new Extension({ extnID, critical: true, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function nameWith(text: string): Name {
  const value = new AttributeValue({ utf8String: text });
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: commonName, value })])]);
}

/** Signs a manifest with the key of a certificate, and adds this certificate and others. */
export function signManifest([path, bytes]: PackagedFile, signer: Issued, ...others: readonly Issued[]): Uint8Array {
  const hex = sign('sha256', bytes, signer.privateKey).toString('hex');
  return Buffer.from(`SHA256(${path})= ${hex}\n${[signer, ...others].map(({ pem }) => pem).join('')}`);
}
