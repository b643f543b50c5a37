import { setGlobalProxyFromEnv } from 'node:http';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/** How this machine reaches others. Plain data: threads are given it too. */
export type Network = {
  /** As the environment variables of the same names; null if no proxy is set. */
  readonly proxies: {
    readonly HTTP_PROXY?: string;
    readonly HTTPS_PROXY?: string;
    readonly NO_PROXY?: string;
  } | null;
  /** PEM certificates of private authorities, trusted beside those that Node trusts. */
  readonly caCertificates: readonly string[];
};

/**
 * Lets `fetch` and Node's own agents of this thread use the proxies, and all that it connects to be trusted by these
 * authorities too. Takes Node's built-in support: no package is needed, and NO_PROXY is read in one way.
 *
 * The authorities are set for the thread, not given to each client: then Node would parse all of them anew for each
 * connection, which takes tens of milliseconds.
 */
export function useNetwork({ proxies, caCertificates }: Network): void {
  if (caCertificates.length > 0) {
    setDefaultCACertificates([...new Set([...getCACertificates('default'), ...caCertificates])]);
  }
  if (proxies !== null) setGlobalProxyFromEnv(proxies);
}
