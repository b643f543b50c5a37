import type { X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  AuthorityKeyIdentifier,
  Certificate,
  id_ce_authorityKeyIdentifier,
  id_ce_subjectKeyIdentifier,
  SubjectKeyIdentifier,
} from '@peculiar/asn1-x509';

/** Maximum number of bytes of a certificate whose extensions are read. */
const certificateBytesMax = 64 * 1024;

/** Whether a certificate says that another key than its own signed it, such as that of an authority with the same name. */
export function namesOtherKey({ raw }: X509Certificate): boolean {
  if (raw.length > certificateBytesMax) return false;
  try {
    const { extensions = [] } = AsnConvert.parse(raw, Certificate).tbsCertificate;
    const values = new Map(extensions.map(({ extnID, extnValue }) => [extnID, extnValue.buffer]));
    const authority = values.get(id_ce_authorityKeyIdentifier);
    const own = values.get(id_ce_subjectKeyIdentifier);
    const named = authority && AsnConvert.parse(authority, AuthorityKeyIdentifier).keyIdentifier;
    if (named === undefined) return false;
    if (own === undefined) return true;
    return !Buffer.from(named.buffer).equals(Buffer.from(AsnConvert.parse(own, SubjectKeyIdentifier).buffer));
  } catch {
    return false;
  }
}
