import type { HttpOptions } from '@backup-sync/core';
import type { Environment } from './environment.ts';
import { readNetwork } from './network.ts';
import type { ConnectOptions } from './target.ts';

/** Node's `fetch` gives up connecting after as long. */
const defaultConnectTimeoutS = 10;

/** How this command sends requests to a server, and how long it waits, by its options and the environment. */
export async function httpOptions(options: ConnectOptions, environment: Environment): Promise<HttpOptions> {
  const connectTimeoutS = options.connectTimeout ?? environment.BACKUP_SYNC_CONNECT_TIMEOUT;
  const timeoutS = options.timeout ?? environment.BACKUP_SYNC_TIMEOUT;
  if (connectTimeoutS === undefined && timeoutS === undefined) return {};
  // Node's own cannot be told otherwise; the same library can. Commands that need it not are not made to load it.
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  const proxies = readNetwork(environment).proxies ?? {};
  const dispatcher = new EnvHttpProxyAgent({
    // Read once, from where the rest of the environment is: left out, it would look there itself.
    httpProxy: proxies.HTTP_PROXY ?? '',
    httpsProxy: proxies.HTTPS_PROXY ?? '',
    noProxy: proxies.NO_PROXY ?? '',
    connect: { timeout: (connectTimeoutS ?? defaultConnectTimeoutS) * 1000 },
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const send = (url: URL, init: RequestInit) => fetch(url, { ...init, dispatcher } as Parameters<typeof fetch>[1]);
  return { fetch: send as typeof globalThis.fetch, timeoutMs: timeoutS === undefined ? undefined : timeoutS * 1000 };
}
