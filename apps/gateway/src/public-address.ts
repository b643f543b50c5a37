import type { Request } from 'express';
import type { Addresses } from './keystone-forms.ts';

/** What is told of addresses to this caller. Neither ends in a slash; that of the identity has its version. */
export function addressesOf(request: Request): Addresses {
  const { publicUrl, outsideUrl }: KnownAddresses = request.app.locals.addresses;
  const own = publicAddress(publicUrl, request);
  return { own, identity: outsideUrl ?? `${own}/v3` };
}

/** What {@link addressesOf} goes by, kept in the application that has the request. */
export type KnownAddresses = {
  readonly publicUrl: string | undefined;
  /** Address of the outside identity service; null if tokens are issued here. */
  readonly outsideUrl: string | null;
};

/**
 * Where callers reach this server, without a closing slash: what the operator says, else the address at which this
 * caller's connection has come in. The header `Host` is the caller's word, and is not believed.
 */
function publicAddress(publicUrl: string | undefined, request: Request): string {
  if (publicUrl !== undefined) return publicUrl.replace(/\/+$/, '');
  const { localAddress = '', localPort } = request.socket;
  // A socket for both families shows addresses of IPv4 so.
  const address = localAddress.replace(/^::ffff:(?=[\d.]+$)/, '');
  const scheme = 'encrypted' in request.socket ? 'https' : 'http';
  return `${scheme}://${address.includes(':') ? `[${address}]` : address}:${localPort}`;
}
