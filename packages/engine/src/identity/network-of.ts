import ipaddr from 'ipaddr.js';

/**
 * By what callers are counted whose address is all that is known of them: an address of IPv4, also where it is mapped
 * into IPv6, or the /64 of an address of IPv6, since whoever has one has the 2^64 beside it as well. A zone (`%eth0`) is
 * passed over. Empty for null, where a connection has no address, and for what is none: all these count as one, or a
 * proxy that adds a port to the address would give every connection a count of its own.
 */
export function networkOf(address: string | null): string {
  if (address === null || !ipaddr.isValid(address)) return '';
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4' ? parsed.toString() : `${parsed.toByteArray().slice(0, 8).join('.')}/64`;
}
