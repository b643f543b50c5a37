import type { HttpOptions } from '@backup-sync/core';
import type { Environment } from './environment.ts';
import { readNetwork } from './network.ts';
import type { ConnectOptions } from './target.ts';

/** The connect timeout of Node's `fetch`. */
const defaultConnectTimeoutS = 10;

/** How a command sends requests to a server, and how long it waits. Empty if no timeout is set. */
export async function httpOptions(options: ConnectOptions, environment: Environment): Promise<HttpOptions> {
  const connectTimeoutS = options.connectTimeout ?? environment.BACKUP_SYNC_CONNECT_TIMEOUT;
  const timeoutS = options.timeout ?? environment.BACKUP_SYNC_TIMEOUT;
  if (connectTimeoutS === undefined && timeoutS === undefined) return {};
  // Node's `fetch` has no setting for its connect timeout; undici, the library behind it, has. Loaded only if needed.
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  const proxies = readNetwork(environment).proxies ?? {};
  const dispatcher = new EnvHttpProxyAgent({
    // An option left out makes undici read process.env, and the environment is read only once, in environment.ts.
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
