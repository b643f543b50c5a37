/** Returns an error and all its causes. A failed attempt at several addresses has one cause for each. */
export function causesOf(error: unknown): Error[] {
  if (!(error instanceof Error)) return [];
  const attempts: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return [error, ...[...attempts, error.cause].flatMap(causesOf)];
}

/** Node's error codes for a certificate that it does not trust: OpenSSL's names, and one for a wrong host name. */
const certificateCodes =
  /^(?:CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|ERR_TLS_CERT_ALTNAME_INVALID|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(?:GET_ISSUER_CERT|VERIFY_LEAF_SIGNATURE))/;

/**
 * Returns why a certificate is not trusted; null if the request failed for another reason. Leaves out the option that
 * Node suggests: this program is not started with options of Node.
 */
export function untrustedCertificate(error: unknown): string | null {
  const fault = causesOf(error).find((cause) => 'code' in cause && certificateCodes.test(String(cause.code)));
  return fault === undefined ? null : fault.message.replace(/; if the root CA is installed locally, .*$/s, '');
}
