import type { Request } from 'express';

/**
 * Where callers reach this server, without a closing slash: what the operator says, else the address at which this
 * caller's connection has come in. The header `Host` is the caller's word, and is not believed.
 */
export function publicAddress(publicUrl: string | undefined, request: Request): string {
  if (publicUrl !== undefined) return publicUrl.replace(/\/+$/, '');
  const { localAddress = '', localPort } = request.socket;
  // A socket for both families shows addresses of IPv4 so.
  const address = localAddress.replace(/^::ffff:(?=[\d.]+$)/, '');
  const scheme = 'encrypted' in request.socket ? 'https' : 'http';
  return `${scheme}://${address.includes(':') ? `[${address}]` : address}:${localPort}`;
}
