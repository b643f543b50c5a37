import { createHash, X509Certificate } from 'node:crypto';
import {
  AuthorityKeyIdentifier,
  id_ce_authorityKeyIdentifier,
  id_ce_subjectKeyIdentifier,
  KeyIdentifier,
  SubjectKeyIdentifier,
} from '@peculiar/asn1-x509';
import { describe, expect, test } from 'vitest';
import {
  type CertificatePlan,
  ellipticKeys,
  extension,
  issueCertificate,
  type KeyPair,
  rsaKeys,
  signManifest,
} from '../../../testing/certificate-writer.ts';
import { writeCertificate } from '../../../testing/ovf-writer.ts';
import { checkSignature, nameOf } from './certificate.ts';

const manifest = Buffer.from(`SHA1(vm.ovf)= ${'a'.repeat(40)}\n`);
const certificate = Buffer.from(await writeCertificate(['vm.mf', manifest])).toString();
const unknown = 'signed by "CN=test signer, O=Tests" in a way that is not known here, so the signature is not checked';
const check = (text: string, of = manifest) => checkSignature(Buffer.from(text), of);

async function nameOfSigner(text: string): Promise<string> {
  const signature = await check(text);
  return signature.kind === 'holds' ? nameOf(signature.signer.certificate) : signature.kind;
}

test('a signature of the manifest says who signed', async () => {
  expect(await nameOfSigner(certificate)).toBe('"CN=test signer, O=Tests"');
});

test('ends of lines of Windows do no harm', async () => {
  expect(await check(certificate.replaceAll('\n', '\r\n'))).toMatchObject({ kind: 'holds' });
});

test.each(['SHA3', 'constructor'])(
  'a signature by %s, which is not known, is said to be unchecked',
  async (algorithm) => {
    expect(await check(certificate.replace('SHA256', algorithm))).toEqual({ kind: 'unchecked', remark: unknown });
  },
);

/** A certificate whose issuer is not there, with a key of an algorithm that does not exist. */
function withUnknownKey(): string {
  const start = certificate.indexOf('-----BEGIN');
  const bytes = Buffer.from(new X509Certificate(certificate.slice(start)).raw);
  bytes.write('best', bytes.indexOf('test signer'));
  const rsaEncryption = Buffer.from('06092a864886f70d010101', 'hex');
  bytes.writeUInt8(0x63, bytes.indexOf(rsaEncryption) + rsaEncryption.length - 1);
  const pem = `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`;
  return `${certificate.slice(0, start)}${pem}`;
}

test('a key of an algorithm that is not known is said to be unchecked', async () => {
  expect(await check(withUnknownKey())).toEqual({ kind: 'unchecked', remark: unknown });
});

test('a signer without a name is said to have none', async () => {
  const nameless = Buffer.from(await writeCertificate(['vm.mf', manifest], [])).toString();
  expect(await nameOfSigner(nameless)).toBe('somebody without a name');
});

test('a signature of other bytes does not hold', async () => {
  expect(await check(certificate, Buffer.concat([manifest, manifest]))).toMatchObject({ kind: 'wrong' });
});

test.each([
  ['without a certificate', certificate.slice(0, 300), 'unreadable'],
  ['without a signature', certificate.slice(certificate.indexOf('-----BEGIN')), 'unreadable'],
  ['with half a certificate', certificate.replace(/\n.*\n(?=-----END)/, '\n'), 'unreadable'],
  [
    'with a digit of the signature changed',
    certificate.replace(/= ./, (text) => `= ${text.endsWith('0') ? 1 : 0}`),
    'wrong',
  ],
  ['with a digit less', certificate.replace(/= ./, '= '), 'wrong'],
])('a certificate %s is found', async (_, text, kind) => {
  expect(await check(text)).toMatchObject({ kind });
});

test('a certificate that its issuer did not sign like this is found', async () => {
  const at = certificate.indexOf('-----END') - 10;
  const changed = certificate.charAt(at) === 'A' ? 'B' : 'A';
  expect(await check(certificate.slice(0, at) + changed + certificate.slice(at + 1))).toMatchObject({ kind: 'wrong' });
});

test('a certificate is not wrong if another one next to it has the name of its issuer', async () => {
  const keys = ellipticKeys();
  const plan = { name: 'Issuer', issuer: null, mayIssue: true };
  const [issuer, renewed] = [issueCertificate({ ...plan, keys }), issueCertificate({ ...plan, keys: ellipticKeys() })];
  const signer = issueCertificate({ name: 'Signer', keys: rsaKeys(), issuer });
  for (const others of [[renewed, issuer], [issuer, renewed], [issuer], [renewed], []]) {
    const signed = signManifest(['vm.mf', manifest], signer, ...others);
    expect(await checkSignature(signed, manifest)).toMatchObject({ kind: 'holds' });
  }
});

const keys = rsaKeys();
const authorityKeys = rsaKeys();
const authority = issueCertificate({ name: 'Authority', keys: authorityKeys, issuer: null, mayIssue: true });
const middle = issueCertificate({ name: 'Middle', keys: ellipticKeys(), issuer: authority, mayIssue: true });
const signer = issueCertificate({ name: 'Signer', keys, issuer: middle });
const unreadable = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const [signatureLine = ''] = Buffer.from(signManifest(['vm.mf', manifest], signer))
  .toString()
  .split('\n');
const fileOf = (...pems: readonly string[]) => [signatureLine, ...pems].join('\n');

test.each([
  ['first', fileOf(signer.pem, middle.pem, authority.pem)],
  ['after its issuer', fileOf(middle.pem, signer.pem)],
  ['after all others', fileOf(authority.pem, middle.pem, signer.pem)],
  ['after another one that cannot be read', fileOf(unreadable, signer.pem)],
])('the certificate of the signer may come %s', async (_, text) => {
  expect(await nameOfSigner(text)).toBe('"CN=Signer"');
});

test('a manifest that none of the certificates signed is found, also next to keys of other kinds', async () => {
  const other = Buffer.concat([manifest, manifest]);
  for (const pems of [[signer.pem, middle.pem, authority.pem], [authority.pem, middle.pem, signer.pem], [signer.pem]]) {
    expect(await check(fileOf(...pems), other)).toEqual({
      kind: 'wrong',
      detail: 'the signature of "CN=Signer" is not one of this manifest',
    });
  }
});

test('a signature that may be of one of several keys names none of them', async () => {
  const byMiddle = fileOf(middle.pem, issueCertificate({ name: 'Other', keys: ellipticKeys(), issuer: null }).pem);
  expect(await check(byMiddle.replace(/= .*/, '= 3006'))).toEqual({
    kind: 'unchecked',
    remark: 'signed in a way that is not known here, so the signature is not checked',
  });
});

test('more certificates than are compared may have the signer among them', async () => {
  expect(await check(fileOf(...Array(10).fill(authority.pem), signer.pem))).toEqual({
    kind: 'unchecked',
    remark: 'signed by none of the first 10 of 11 certificates, so the signature is not checked',
  });
});

test('certificates that cannot be read are a remark if the signer is another', async () => {
  const cut = signer.pem.slice(0, 100);
  expect(await check(fileOf(signer.pem, unreadable, middle.pem, cut))).toMatchObject({
    kind: 'holds',
    remark: '2 of the 4 certificates with the signature cannot be read',
  });
  expect(await check(fileOf(unreadable, middle.pem, authority.pem))).toEqual({
    kind: 'unreadable',
    detail: '1 of its 3 certificates cannot be read',
  });
});

test.each([
  ['with a byte order mark', `\ufeff${fileOf(signer.pem)}`],
  ['as an X509 CERTIFICATE', fileOf(signer.pem.replaceAll('CERTIFICATE', 'X509 CERTIFICATE'))],
  ['as a TRUSTED CERTIFICATE', fileOf(signer.pem.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE'))],
])('a file %s is read', async (_, text) => {
  expect(await check(text)).toMatchObject({ kind: 'holds', remark: null });
});

describe('a certificate with the name of its issuer', () => {
  const identify = ({ publicKey }: KeyPair) =>
    createHash('sha1')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest();
  /** Extensions that name the key of a certificate, and that of its issuer. */
  const naming = (own: KeyPair | null, issuer: KeyPair) => [
    ...(own === null ? [] : [extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(identify(own)))]),
    extension(
      id_ce_authorityKeyIdentifier,
      new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(identify(issuer)) }),
    ),
  ];
  const kindOf = async (name: string, more: CertificatePlan['more'] = []) => {
    const issuer = { name, privateKey: authorityKeys.privateKey };
    return (
      await checkSignature(signManifest(['vm.mf', manifest], issueCertificate({ name, keys, issuer, more })), manifest)
    ).kind;
  };

  test('may be of an authority that is not there, if it says so or has no name', async () => {
    expect(await kindOf('Authority', naming(keys, authorityKeys))).toBe('holds');
    expect(await kindOf('Authority', naming(null, authorityKeys))).toBe('holds');
    expect(await kindOf('')).toBe('holds');
  });

  test('has changed if it says that it signs itself, or does not say whose key signed it', async () => {
    expect(await kindOf('Authority', naming(keys, keys))).toBe('wrong');
    expect(await kindOf('Authority')).toBe('wrong');
  });
});
