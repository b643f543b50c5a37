import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ListenError } from '../listen-error.ts';

/** Paths of the PEM files for HTTPS. */
export type TlsFiles = {
  /** The certificate, followed by its intermediate certificates. */
  readonly certificate: string;
  /** The private key of the certificate, not encrypted. */
  readonly key: string;
};

/** The contents of the PEM files. */
export type TlsMaterial = { readonly cert: string; readonly key: string };

/**
 * Reads both files and checks that they belong together; Node would notice only at the first connection. Throws
 * {@link ListenError}, which never quotes their contents.
 */
export async function readTlsFiles(files: TlsFiles): Promise<TlsMaterial> {
  const cert = await readNamed(files.certificate, 'certificate');
  const key = await readNamed(files.key, 'key');
  const certificate = parseNamed(files.certificate, 'a certificate in PEM', () => new X509Certificate(cert));
  const privateKey = parseNamed<KeyObject>(files.key, 'an unencrypted private key in PEM', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    const what = `the TLS key ${files.key} does not belong to the certificate ${files.certificate}`;
    throw new ListenError(`${what}; give a certificate and its own key`);
  }
  return { cert, key };
}

async function readNamed(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const seen = cause instanceof Error && 'code' in cause ? String(cause.code) : 'reading failed';
    throw new ListenError(`the TLS ${what} ${path} cannot be read (${seen}); check the path and its permissions`, {
      cause,
    });
  }
}

function parseNamed<Parsed>(path: string, expected: string, parse: () => Parsed): Parsed {
  try {
    return parse();
  } catch (cause) {
    throw new ListenError(`the TLS file ${path} is not ${expected}`, { cause });
  }
}
