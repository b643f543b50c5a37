import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { ellipticKeys, issueCertificate, rsaKeys, signManifest } from '../../../testing/certificate-writer.ts';
import { writeCertificate } from '../../../testing/ovf-writer.ts';
import { checkSignature, nameOf } from './certificate.ts';

const manifest = Buffer.from(`SHA1(vm.ovf)= ${'a'.repeat(40)}\n`);
const certificate = Buffer.from(await writeCertificate(['vm.mf', manifest])).toString();
const check = (text: string, of = manifest) => checkSignature(Buffer.from(text), of);

function nameOfSigner(text: string): string {
  const signature = check(text);
  return signature.kind === 'holds' ? nameOf(signature.signer.certificate) : signature.kind;
}

test('a signature of the manifest says who signed', () => {
  expect(nameOfSigner(certificate)).toBe('"CN=test signer, O=Tests"');
});

test('ends of lines of Windows do no harm', () => {
  expect(check(certificate.replaceAll('\n', '\r\n'))).toMatchObject({ kind: 'holds' });
});

test('a signature in a way that is not known is said to be unchecked', () => {
  const { remark } = { remark: '', ...check(certificate.replace('SHA256', 'SHA3')) };
  expect(remark).toContain('the signature is not checked');
});

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

test('a key of an algorithm that is not known is said to be unchecked', () => {
  expect(check(withUnknownKey())).toEqual({
    kind: 'unchecked',
    remark: 'signed by "CN=test signer, O=Tests" in a way that is not known here, so the signature is not checked',
  });
});

test('a signer without a name is said to have none', async () => {
  const nameless = Buffer.from(await writeCertificate(['vm.mf', manifest], [])).toString();
  expect(nameOfSigner(nameless)).toBe('somebody without a name');
});

test('a signature of other bytes does not hold', () => {
  expect(check(certificate, Buffer.concat([manifest, manifest]))).toMatchObject({ kind: 'wrong' });
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
])('a certificate %s is found', (_, text, kind) => {
  expect(check(text)).toMatchObject({ kind });
});

test('a certificate that its issuer did not sign like this is found', () => {
  const at = certificate.indexOf('-----END') - 10;
  const changed = certificate.charAt(at) === 'A' ? 'B' : 'A';
  expect(check(certificate.slice(0, at) + changed + certificate.slice(at + 1))).toMatchObject({ kind: 'wrong' });
});

test('a certificate is not wrong if another one next to it has the name of its issuer', () => {
  const keys = ellipticKeys();
  const plan = { name: 'Issuer', issuer: null, mayIssue: true };
  const [issuer, renewed] = [issueCertificate({ ...plan, keys }), issueCertificate({ ...plan, keys: ellipticKeys() })];
  const signer = issueCertificate({ name: 'Signer', keys: rsaKeys(), issuer });
  for (const others of [[renewed, issuer], [issuer, renewed], [issuer], [renewed], []]) {
    const signed = signManifest(['vm.mf', manifest], signer, ...others);
    expect(checkSignature(signed, manifest)).toMatchObject({ kind: 'holds' });
  }
});
