import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ListenError } from '../listen-error.ts';

/** PEM files of a certificate, with the chain behind it, and of its private key. */
export type TlsFiles = { readonly certificate: string; readonly key: string };

export type TlsMaterial = { readonly cert: string; readonly key: string };

/**
 * Reads both files, and makes sure that they belong together: Node would find out with the first connection only.
 * Throws {@link ListenError}, which never quotes what is in them.
 */
export async function readTlsFiles(files: TlsFiles): Promise<TlsMaterial> {
  const cert = await readNamed(files.certificate, 'certificate');
  const key = await readNamed(files.key, 'key');
  const certificate = parseNamed(files.certificate, 'a certificate in PEM', () => new X509Certificate(cert));
  const privateKey = parseNamed<KeyObject>(files.key, 'an unencrypted private key in PEM', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new ListenError(
      `the TLS key ${files.key} is not the one of the certificate ${files.certificate}; give a certificate and its own key`,
    );
  }
  return { cert, key };
}

async function readNamed(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const seen = cause instanceof Error && 'code' in cause ? String(cause.code) : 'reading failed';
    throw new ListenError(`the TLS ${what} ${path} cannot be read (${seen}); check the path and who may read it`, {
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
