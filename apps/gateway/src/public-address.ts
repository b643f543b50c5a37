import type { Request } from 'express';
import type { Addresses } from './keystone-forms.ts';

/** Returns the addresses to show to this caller. */
export function addressesOf(request: Request): Addresses {
  const { publicUrl, outsideUrl }: KnownAddresses = request.app.locals.addresses;
  const own = publicAddress(publicUrl, request);
  return { own, identity: outsideUrl ?? `${own}/v3` };
}

/** Configured addresses, kept in the application for {@link addressesOf}. */
export type KnownAddresses = {
  /** Address at which callers reach this server, as configured; undefined if it is not. */
  readonly publicUrl: string | undefined;
  /** Whether a proxy handles TLS for this server. */
  readonly behindTlsProxy: boolean;
  /** Address of the external identity service; null if this server issues tokens itself. */
  readonly outsideUrl: string | null;
};

/**
 * Returns the address at which callers reach this server, without a closing slash: the configured one, or else the
 * local address of this connection. The header `Host` is not trusted, since the caller chooses it.
 */
function publicAddress(publicUrl: string | undefined, request: Request): string {
  if (publicUrl !== undefined) return publicUrl.replace(/\/+$/, '');
  const { localAddress = '', localPort } = request.socket;
  // A socket for both IPv4 and IPv6 shows IPv4 addresses with this prefix.
  const address = localAddress.replace(/^::ffff:(?=[\d.]+$)/, '');
  const scheme = 'encrypted' in request.socket ? 'https' : 'http';
  return `${scheme}://${address.includes(':') ? `[${address}]` : address}:${localPort}`;
}
