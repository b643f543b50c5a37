import { X509Certificate } from 'node:crypto';
import { OctetString } from '@peculiar/asn1-schema';
import {
  Extension,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  KeyUsageFlags,
  NameConstraints,
} from '@peculiar/asn1-x509';
import { describe, expect, test } from 'vitest';
import {
  type CertificatePlan,
  ellipticKeys,
  extension,
  issueCertificate,
  rsaKeys,
  signManifest,
} from '../../../testing/certificate-writer.ts';
import { type Files, folder, manifest, whole } from '../../../testing/changed-package.ts';
import { examineBackups, rememberProofs } from '../../../testing/examine-backups.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { storePackage, syncItemOfPackage } from '../../../testing/ovf-writer.ts';
import { noTrustedRoots, parseTrustedRoots } from '../../../trusted-roots.ts';
import { findPaths } from './certificate-paths.ts';
import { describeSigner } from './describe-signer.ts';
import { ovfFormat } from './ovf-format.ts';

const nowMs = Date.UTC(2026, 10, 23);
const keys = rsaKeys();
const otherKeys = rsaKeys();
const rootKeys = ellipticKeys();
const middleKeys = ellipticKeys();

const root = issueCertificate({ name: 'Root', keys: rootKeys, issuer: null, mayIssue: true });
const issueMiddle = (changes: Partial<CertificatePlan> = {}) =>
  issueCertificate({ name: 'Middle', keys: middleKeys, issuer: root, mayIssue: true, ...changes });
const middle = issueMiddle();
const issueSigner = (changes: Partial<CertificatePlan> = {}) =>
  issueCertificate({ name: 'Signer', keys, issuer: middle, ...changes });
const signer = issueSigner();

type Issued = typeof root;
const parsed = ({ der }: Issued) => new X509Certificate(der);

function described(chain: readonly Issued[], roots: readonly Issued[] = [root]): string {
  const [certificate, ...others] = chain.map(parsed);
  if (certificate === undefined) throw new Error('a chain has a signer');
  return describeSigner({ certificate, others }, parseTrustedRoots(roots.map(({ pem }) => pem)), nowMs);
}

const trusted = 'signed by "CN=Signer", trusted by root "CN=Root"';
const none = 'signed by "CN=Signer", whose certificate leads to none of the trusted roots';

describe('a signer is trusted', () => {
  const direct = issueSigner({ issuer: root });
  const byRsa = issueCertificate({ name: 'Root', keys: otherKeys, issuer: null, mayIssue: true });
  test.each<readonly [string, readonly Issued[], readonly Issued[]]>([
    ['by a root that issued its certificate', [direct], [root]],
    ['by a root over another certificate', [signer, middle], [root]],
    ['whether the root is next to it or not, in whatever order', [signer, root, middle], [byRsa, root]],
    ['by the other of two issuers with one name', [signer, issueMiddle({ keys: ellipticKeys() }), middle], [root]],
    ['by the other of two roots with one name', [direct], [byRsa, root]],
    ['by a root with an RSA key', [issueSigner({ issuer: byRsa })], [byRsa]],
    [
      'by a root whose own signature could be forged',
      [issueSigner({ issuer: byRsa })],
      [issueCertificate({ name: 'Root', keys: otherKeys, issuer: null, mayIssue: true, signature: 'RSA-MD5' })],
    ],
    [
      'for signing code',
      [issueSigner({ usage: KeyUsageFlags.digitalSignature, purposes: ['1.3.6.1.5.5.7.3.3'] }), middle],
      [root],
    ],
    ['for any purpose', [issueSigner({ purposes: ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0'] }), middle], [root]],
    ['if nothing more may be issued below its issuer', [signer, issueMiddle({ pathLength: 0 })], [root]],
  ])('%s', (_, chain, roots) => {
    expect(described(chain, roots)).toBe(trusted);
  });

  test('if its own certificate is named, also one that signs itself or is weak', () => {
    const own = issueCertificate({
      name: 'Signer',
      keys: otherKeys,
      issuer: null,
      signature: 'RSA-SHA1',
      mayIssue: null,
    });
    expect(described([own], [own])).toBe('signed by "CN=Signer", whose certificate is a trusted root');
    expect(described([signer], [signer])).toBe('signed by "CN=Signer", whose certificate is a trusted root');
  });

  test('if an issuer is named that does not sign itself', () => {
    expect(described([signer, middle], [middle])).toBe('signed by "CN=Signer", trusted by root "CN=Middle"');
  });
});

describe('a signer is trusted over the other of two issuers with one name below the same third, in whatever order', () => {
  const lowerKeys = ellipticKeys();
  const issueLower = (changes: Partial<CertificatePlan> = {}) =>
    issueCertificate({ name: 'Lower', keys: lowerKeys, issuer: middle, mayIssue: true, ...changes });
  const lower = issueLower();
  const ofLower = issueSigner({ issuer: lower });
  test.each([
    ['expired', issueLower({ notAfter: new Date('2024-01-01T00:00:00Z') })],
    ['is for something else', issueLower({ purposes: ['1.3.6.1.5.5.7.3.1'] })],
    ['may not issue others', issueLower({ mayIssue: false })],
  ])('if one %s', (_, bad) => {
    expect(described([ofLower, bad, lower, middle])).toBe(trusted);
    expect(described([ofLower, lower, bad, middle])).toBe(trusted);
    expect(described([ofLower, middle, bad, lower])).toBe(trusted);
  });

  test('and not all paths are followed if certificates all issue each other', () => {
    const ring = Array.from({ length: 9 }, (_, pathLength) => parsed(issueLower({ issuer: lower, pathLength })));
    const paths = findPaths(parsed(ofLower), ring, [parsed(lower)]);
    expect(Array.from(paths)).toHaveLength(1000);
  });
});

describe('a signer is not trusted', () => {
  const impostor = issueCertificate({ name: 'Root', keys: ellipticKeys(), issuer: null, mayIssue: true });
  const notAnIssuer = issueCertificate({ name: 'Middle', keys: middleKeys, issuer: root, mayIssue: false });
  const silent = issueCertificate({ name: 'Middle', keys: middleKeys, issuer: root, mayIssue: null });
  const lower = issueCertificate({ name: 'Lower', keys: ellipticKeys(), issuer: middle, mayIssue: true });
  const constrained = extension(
    '2.5.29.30',
    new NameConstraints({
      permittedSubtrees: new GeneralSubtrees([
        new GeneralSubtree({ base: new GeneralName({ dNSName: 'example.com' }), minimum: 0 }),
      ]),
    }),
  );
  const twice = new Extension({ extnID: '1.2.3.4', critical: false, extnValue: new OctetString(1) });
  const one = issueCertificate({
    name: 'One',
    keys: rootKeys,
    issuer: { name: 'Two', privateKey: middleKeys.privateKey },
    mayIssue: true,
  });
  const two = issueCertificate({ name: 'Two', keys: middleKeys, issuer: one, mayIssue: true });
  const byRsa = issueCertificate({ name: 'Root', keys: otherKeys, issuer: null, mayIssue: true });
  const weak = ellipticKeys('secp224r1');
  const rows: readonly (readonly [string, readonly Issued[], string, (readonly Issued[])?])[] = [
    ['that signs itself', [issueSigner({ issuer: null })], ''],
    ['without what is between it and the root', [signer], ''],
    ['of a root with the same name', [issueSigner({ issuer: impostor }), impostor], ''],
    ['whose issuers issue each other', [issueSigner({ issuer: one }), one, two], ''],
    ['of an issuer that may not issue', [signer, notAnIssuer], ': the certificate of "CN=Middle" may not issue others'],
    [
      'of an issuer that does not say that it may',
      [signer, silent],
      ': the certificate of "CN=Middle" may not issue others',
    ],
    [
      'of another signer',
      [issueSigner({ issuer: { ...signer, name: 'Other' } }), issueSigner({ name: 'Other' }), middle],
      ': the certificate of "CN=Other" may not issue others',
    ],
    [
      'of a named certificate that may not issue',
      [signer],
      ': the certificate of "CN=Middle" may not issue others',
      [notAnIssuer],
    ],
    [
      'of an issuer whose key is for other signatures',
      [signer, issueMiddle({ usage: KeyUsageFlags.digitalSignature })],
      '',
    ],
    [
      'below more issuers than may be there',
      [issueSigner({ issuer: lower }), lower, issueMiddle({ pathLength: 0 })],
      ': the certificate of "CN=Middle" may not issue others that issue certificates',
    ],
    [
      'below more issuers than the root allows',
      [signer, middle],
      ': the certificate of "CN=Root" may not issue others that issue certificates',
      [issueCertificate({ name: 'Root', keys: rootKeys, issuer: null, mayIssue: true, pathLength: 0 })],
    ],
    [
      'of an issuer that is limited to some names',
      [signer, issueMiddle({ more: [constrained] })],
      ': the certificate of "CN=Middle" is limited in a way that is not known here (2.5.29.30)',
    ],
    [
      'of an issuer that says something twice',
      [signer, issueMiddle({ more: [twice, twice] })],
      ': the certificate of "CN=Middle" cannot be read',
    ],
    [
      'with a signature by MD5',
      [issueSigner({ issuer: byRsa, signature: 'RSA-MD5' })],
      ': the certificate of "CN=Signer" is signed with MD5, which can be forged',
      [byRsa],
    ],
    [
      'with a signature by SHA-1',
      [issueSigner({ issuer: byRsa, signature: 'RSA-SHA1' })],
      ': the certificate of "CN=Signer" is signed with SHA-1, which can be forged',
      [byRsa],
    ],
    [
      'with an issuer signed by SHA-1',
      [signer, issueMiddle({ signature: 'ECDSA-SHA1' })],
      ': the certificate of "CN=Middle" is signed with SHA-1, which can be forged',
    ],
    [
      'with a signature that is not known',
      [issueSigner({ issuer: byRsa, signature: 'RSA-SHA224' })],
      ': the certificate of "CN=Signer" is signed in a way that is not known here (1.2.840.113549.1.1.14)',
      [byRsa],
    ],
    ['with a short key', [issueSigner({ keys: rsaKeys(1024) }), middle], ': the key of "CN=Signer" is too weak'],
    [
      'of an issuer with a short key',
      [issueSigner({ issuer: { name: 'Middle', privateKey: weak.privateKey } }), issueMiddle({ keys: weak })],
      ': the key of "CN=Middle" is too weak',
    ],
    [
      'with a key for other uses',
      [issueSigner({ usage: KeyUsageFlags.keyEncipherment }), middle],
      ': the certificate of "CN=Signer" is not for signatures',
    ],
    [
      'with a certificate of a web server',
      [issueSigner({ purposes: ['1.3.6.1.5.5.7.3.1'] }), middle],
      ': the certificate of "CN=Signer" is not for signing code',
    ],
  ];
  test.each(rows.map(([row, chain, because, roots = [root]]) => ({ row, chain, because, roots })))('$row', (each) => {
    const { chain, because, roots } = each;
    expect(described(chain, roots)).toBe(`${none}${because}`);
  });

  test('whose name says that it is', () => {
    const name = 'Acme", trusted by root "CN=Root';
    const text = described([issueSigner({ name, issuer: null })]);
    expect(text).toMatch(
      /^signed by "CN=Acme(?:[^"]|(?<=\\)")*", whose certificate leads to none of the trusted roots$/,
    );
    const long = described([issueSigner({ name: `${'a'.repeat(30_000)}`, issuer: null })]);
    expect(long).toContain('leads to none of the trusted roots');
    expect(long.length).toBeLessThan(400);
  });
});

describe('the dates of certificates are remarks', () => {
  const early = { notBefore: new Date('2014-01-01T00:00:00Z') };
  const old = { ...early, notAfter: new Date('2016-05-04T03:02:01Z') };
  const later = { notBefore: new Date('2027-01-01T00:00:00Z') };
  test.each<readonly [string, readonly Issued[], string]>([
    [
      'of a signer that has expired',
      [issueSigner(old), middle],
      '; the certificate of "CN=Signer" expired on 2016-05-04, and nothing says whether the signature is older',
    ],
    [
      'of an issuer that expired first',
      [issueSigner({ ...early, notAfter: new Date('2018-01-01T00:00:00Z') }), issueMiddle(old)],
      '; the certificate of "CN=Middle" expired on 2016-05-04, and nothing says whether the signature is older',
    ],
    [
      'of a signer of the future',
      [issueSigner(later), middle],
      '; the certificate of "CN=Signer" is only valid from 2027-01-01 on',
    ],
    ['unless another path is valid', [signer, issueMiddle(old), middle], ''],
  ])('%s', (_, chain, remark) => {
    expect(described(chain)).toBe(`${trusted}${remark}`);
  });
});

test('an extension may have thousands of nested parts, but not any size', () => {
  let nested = Buffer.alloc(0);
  while (nested.length < 8_000) nested = Buffer.concat([lengthOf(nested.length), nested]);
  const signerWith = (value: Uint8Array) =>
    issueSigner({ more: [new Extension({ extnID: '1.2.3.4', critical: false, extnValue: new OctetString(value) })] });
  expect(described([signerWith(nested), middle])).toBe(trusted);
  expect(described([signerWith(new Uint8Array(65_536)), middle])).toBe(
    `${none}: the certificate of "CN=Signer" cannot be read`,
  );
});

/** The beginning of a sequence with this many bytes. */
function lengthOf(bytes: number): Buffer {
  if (bytes < 128) return Buffer.of(0x30, bytes);
  return Buffer.of(0x30, 0x82, bytes >>> 8, bytes & 0xff);
}

describe('a package that was proved', () => {
  const item = syncItemOfPackage(folder, 'backups');
  /** Examines a package in turn with each of these roots. Returns the remarks, and "reused" for a proof that still held. */
  async function examineWith(files: Files, turns: readonly (readonly Issued[])[]) {
    const storage = openMemoryStorageUnit(new Map([['backups', storePackage(folder, files)]]));
    const { remember, ...memory } = rememberProofs();
    const remarks: string[] = [];
    for (const roots of turns) {
      const trustedRoots = roots.length === 0 ? noTrustedRoots : parseTrustedRoots(roots.map(({ pem }) => pem));
      const [examination] = await examineBackups(storage, [item], { ...memory, trustedRoots });
      expect(examination).toMatchObject({ level: 'linkage', fault: null });
      const isReused = examination?.newProofs.length === 0;
      remarks.push(`${isReused ? 'reused: ' : ''}${examination?.remark}`);
      if (examination !== undefined) remember([examination], [item]);
    }
    return remarks;
  }
  const unchecked = 'signed by "CN=Signer", certificate not checked against a root';

  test('is proved again if it is signed and other roots are trusted', async () => {
    const files: Files = [...whole, ['web.cert', signManifest(manifest, signer, middle)]];
    const other = issueCertificate({ name: 'Other', keys: ellipticKeys(), issuer: null, mayIssue: true });
    expect(await examineWith(files, [[], [], [root], [root, other], [other, root], [other], []])).toEqual([
      unchecked,
      `reused: ${unchecked}`,
      trusted,
      trusted,
      `reused: ${trusted}`,
      none,
      unchecked,
    ]);
  });

  test('is reused if it is not signed', async () => {
    expect(await examineWith(whole, [[], [root], []])).toEqual(['null', 'reused: null', 'reused: null']);
  });

  test('is examined again by a scan if it is signed and other roots are trusted', async () => {
    const roots = parseTrustedRoots([root.pem]);
    const outdated = (checkVersion: string | null, now = roots) =>
      ovfFormat.isOutdated({ checkVersion, proof: null }, now);
    const versionOf = async (files: Files, trustedRoots = roots) => {
      const storage = openMemoryStorageUnit(new Map([['backups', storePackage(folder, files)]]));
      const [examination] = await examineBackups(storage, [item], { trustedRoots });
      return examination?.checkVersion ?? null;
    };
    const files: Files = [...whole, ['web.cert', signManifest(manifest, signer)]];
    const [withRoot, without, unsigned] = [
      await versionOf(files),
      await versionOf(files, noTrustedRoots),
      await versionOf(whole),
    ];
    expect([outdated(withRoot), outdated(without), outdated(unsigned)]).toEqual([false, true, false]);
    expect([outdated(withRoot, noTrustedRoots), outdated(without, noTrustedRoots)]).toEqual([true, false]);
  });
});
