import { setGlobalProxyFromEnv } from 'node:http';
import type { AgentOptions } from 'node:https';
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
 * Lets `fetch` and Node's own agents of this thread use the proxies and trust the authorities. Takes Node's built-in
 * support for proxies: no package beside it is needed, and each of its clients reads NO_PROXY in the same way.
 */
export function useNetwork({ proxies, caCertificates }: Network): void {
  if (caCertificates.length > 0) setDefaultCACertificates(trusted(caCertificates));
  if (proxies !== null) setGlobalProxyFromEnv(proxies);
}

/** For clients that make agents of their own. */
export function agentOptions({ proxies, caCertificates }: Network): AgentOptions {
  return {
    ...(proxies !== null && { proxyEnv: proxies }),
    ...(caCertificates.length > 0 && { ca: trusted(caCertificates) }),
  };
}

function trusted(caCertificates: readonly string[]): string[] {
  return [...new Set([...getCACertificates('default'), ...caCertificates])];
}
