import type { Request, Response } from 'express';
import ipaddr from 'ipaddr.js';

/** Of an address with a port, as some proxies write it: `192.0.2.1:5213`, `[2001:db8::1]:5213` or `[2001:db8::1]`. */
const withPort = /^(?:\[(?<bracketed>[^\]]*)\](?::\d+)?|(?<plain>[^:]*):\d+)$/;

/** An IP address in its one spelling, without a port; null for what is none. */
export function addressIn(text: string | undefined): string | null {
  if (text === undefined) return null;
  const { bracketed, plain } = withPort.exec(text)?.groups ?? {};
  const address = bracketed ?? plain ?? text;
  // Else "1" and "0x7f.1" would be addresses as well.
  if (!address.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(address)) return null;
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : null;
}

/** Whether an address, with a port or without, is one of these addresses or lies in one of these networks (CIDR). */
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
  // Addresses of IPv4 that are mapped into IPv6 are compared as what they are.
  if (!(parsed instanceof ipaddr.IPv6) || !parsed.isIPv4MappedAddress() || bits < 96) return { first: parsed, bits };
  return { first: parsed.toIPv4Address(), bits: bits - 96 };
}

/**
 * Keeps where a request came from, before anything is waited for: once a connection is gone, its address is as well. A
 * trusted proxy may have named another; where that is no address, it is the proxy's own.
 */
export function keepAddress(request: Request, response: Response): void {
  response.locals.address = addressIn(request.ip) ?? addressIn(request.socket.remoteAddress);
}

/** What {@link keepAddress} kept; null where the connection had none any more. */
export function addressOf(request: Request): string | null {
  return request.res?.locals.address ?? null;
}
