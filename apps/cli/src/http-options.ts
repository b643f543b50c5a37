import { BackupSyncError, causesOf } from '@backup-sync/contracts';
import type { Fetch, HttpOptions } from '@backup-sync/core';
import type { Network } from '@backup-sync/engine/network';
import { proxyAtFault } from '@backup-sync/engine/proxy-fault';
import type { Environment } from './environment.ts';
import { readNetwork } from './network.ts';
import type { ConnectOptions } from './target.ts';

/** The connect timeout of Node's `fetch`. */
const defaultConnectTimeoutS = 10;

/** A forward proxy could not be reached, or does not connect to a server. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
}

/** HTTP options for requests to a server: timeouts and proxies. Empty if none is set. */
export async function httpOptions(options: ConnectOptions, environment: Environment): Promise<HttpOptions> {
  const connectTimeoutS = options.connectTimeout ?? environment.BACKUP_SYNC_CONNECT_TIMEOUT;
  const timeoutS = options.timeout ?? environment.BACKUP_SYNC_TIMEOUT;
  const { proxies } = readNetwork(environment);
  if (connectTimeoutS === undefined && timeoutS === undefined) {
    return proxies === null ? {} : { fetch: namingProxies(globalThis.fetch, proxies) };
  }
  // Node's `fetch` has no setting for its connect timeout; undici, the library behind it, has. Loaded only if needed.
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  const dispatcher = new EnvHttpProxyAgent({
    // An option left out makes undici read process.env, and the environment is read only once, in environment.ts.
    httpProxy: proxies?.HTTP_PROXY ?? '',
    httpsProxy: proxies?.HTTPS_PROXY ?? '',
    noProxy: proxies?.NO_PROXY ?? '',
    connect: { timeout: (connectTimeoutS ?? defaultConnectTimeoutS) * 1000 },
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const send = ((url: URL, init: RequestInit) =>
    fetch(url, { ...init, dispatcher } as Parameters<typeof fetch>[1])) as Fetch;
  return {
    fetch: proxies === null ? send : namingProxies(send, proxies),
    timeoutMs: timeoutS === undefined ? undefined : timeoutS * 1000,
  };
}

/** A `fetch` whose error names the proxy, and not the server, if the proxy is the cause. */
function namingProxies(fetch: Fetch, proxies: NonNullable<Network['proxies']>): Fetch {
  return async (url, init) => {
    try {
      return await fetch(url, init);
    } catch (cause) {
      const message = describeProxyFault(cause, url, proxies);
      if (message === null) throw cause;
      throw new BackupSyncError('unreachable', message, { cause: new ProxyError(message, { cause }) });
    }
  };
}

function describeProxyFault(error: unknown, url: URL, proxies: NonNullable<Network['proxies']>): string | null {
  const messages = causesOf(error).map(({ message }) => message);
  const proxy = proxyAtFault(error, url, proxies);
  if (proxy !== null) return `the proxy ${proxy} cannot be reached: ${messages.findLast((each) => each !== '')}`;
  const status = /^Proxy response \((\d+)\)/m.exec(messages.join('\n'))?.[1];
  return status === undefined ? null : `the proxy does not connect to ${url.origin}: it answered with status ${status}`;
}
