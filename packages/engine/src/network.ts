import { setGlobalProxyFromEnv } from 'node:http';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/** Settings for reaching other machines. Plain data, because threads get it too. */
export type Network = {
  /** Values of the environment variables with the same names; null if no proxy is set. */
  readonly proxies: {
    readonly HTTP_PROXY?: string;
    readonly HTTPS_PROXY?: string;
    readonly NO_PROXY?: string;
  } | null;
  /** PEM certificates of private authorities, trusted in addition to those that Node trusts. */
  readonly caCertificates: readonly string[];
};

/**
 * Makes `fetch` and Node's own agents in this thread use the proxies, and trust these authorities too. Uses Node's
 * built-in support, so no package is needed and NO_PROXY is interpreted in only one way.
 *
 * The authorities are set for the whole thread. If each client had them, Node would parse all of them again for each
 * connection, which takes tens of milliseconds.
 */
export function useNetwork({ proxies, caCertificates }: Network): void {
  if (caCertificates.length > 0) {
    setDefaultCACertificates([...new Set([...getCACertificates('default'), ...caCertificates])]);
  }
  if (proxies !== null) setGlobalProxyFromEnv(proxies);
}
