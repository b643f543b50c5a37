import { causesOf } from '@backup-sync/contracts';
import type { Network } from './network.ts';

/**
 * Returns the address, without credentials, of the forward proxy that could not be reached; null if the request to
 * `url` failed for another reason. Node's errors name only the address that they could not connect to.
 */
export function proxyAtFault(error: unknown, url: URL, proxies: Network['proxies']): string | null {
  const addresses = [proxies?.HTTP_PROXY, proxies?.HTTPS_PROXY].filter((each) => each !== undefined);
  const causes = causesOf(error);
  const target = placeOf(url);
  const proxy = addresses.map((each) => new URL(each)).find((each) => causes.some(isAt(placeOf(each), target)));
  return proxy === undefined ? null : proxy.origin;
}

type Place = { readonly host: string; readonly port: number };

function placeOf({ hostname, port, protocol }: URL): Place {
  const usual = protocol === 'https:' ? 443 : 80;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) };
}

/** Whether an error says that this proxy could not be found or connected to, and not the target of the request. */
function isAt(proxy: Place, target: Place): (error: Error) => boolean {
  return (error) => {
    const at = error as Error & { hostname?: unknown; address?: unknown; port?: unknown };
    if (at.hostname !== undefined) return at.hostname === proxy.host && proxy.host !== target.host;
    if (at.port !== undefined) {
      return at.port === proxy.port && (proxy.port !== target.port || at.address === proxy.host);
    }
    // Only the message of undici's connect timeout has the address.
    return proxy.host !== target.host && error.message.includes(`attempted address: ${proxy.host}:${proxy.port},`);
  };
}
