import type { Request, Response } from 'express';
import ipaddr from 'ipaddr.js';

/** An address with a port, as some proxies write it: `192.0.2.1:5213`, `[2001:db8::1]:5213` or `[2001:db8::1]`. */
const withPort = /^(?:\[(?<bracketed>[^\]]*)\](?::\d+)?|(?<plain>[^:]*):\d+)$/;

/** Returns an IP address in canonical form, without a port; null if the text is not an IP address. */
export function addressIn(text: string | undefined): string | null {
  if (text === undefined) return null;
  const { bracketed, plain } = withPort.exec(text)?.groups ?? {};
  const address = bracketed ?? plain ?? text;
  // Otherwise "1" and "0x7f.1" would count as addresses.
  if (!address.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(address)) return null;
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : null;
}

/** Whether only this machine can reach the address. Names other than `localhost` do not count. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Returns a check whether an address, with or without a port, is in one of these addresses and networks (CIDR). */
export function trustIn(proxies: readonly string[]): (address: string | undefined) => boolean {
  const networks = proxies.map(networkIn);
  return (text) => {
    const address = addressIn(text);
    if (address === null) return false;
    const parsed = ipaddr.parse(address);
    return networks.some(({ first, bits }) => parsed.kind() === first.kind() && parsed.match(first, bits));
  };
}

function networkIn(text: string): { readonly first: ipaddr.IPv4 | ipaddr.IPv6; readonly bits: number } {
  const [address = '', said] = text.split('/');
  const parsed = ipaddr.parse(address);
  const bits = said === undefined ? 8 * parsed.toByteArray().length : Number(said);
  // IPv4 addresses that are mapped into IPv6 are compared as IPv4.
  if (!(parsed instanceof ipaddr.IPv6) || !parsed.isIPv4MappedAddress() || bits < 96) return { first: parsed, bits };
  return { first: parsed.toIPv4Address(), bits: bits - 96 };
}

/**
 * Keeps the address of the caller. This must happen before anything is awaited, since a closed connection has no
 * address. A trusted proxy may have named another address; if that is not a valid one, the proxy's own address counts.
 */
export function keepAddress(request: Request, response: Response): void {
  response.locals.address = addressIn(request.ip) ?? addressIn(request.socket.remoteAddress);
}

/** Returns the address that {@link keepAddress} kept; null if the connection had already lost it. */
export function addressOf(request: Request): string | null {
  return request.res?.locals.address ?? null;
}
