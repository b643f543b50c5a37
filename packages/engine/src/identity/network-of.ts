import ipaddr from 'ipaddr.js';

/**
 * The key for counting callers who are known only by their address. It is the IPv4 address, even if mapped into IPv6,
 * or the /64 of an IPv6 address: a host with one address has all 2^64 of them. A zone (`%eth0`) is ignored. It is empty
 * for null and for an invalid address. These count as one; otherwise a proxy that adds a port to the address would give
 * every connection its own count.
 */
export function networkOf(address: string | null): string {
  if (address === null || !ipaddr.isValid(address)) return '';
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4' ? parsed.toString() : `${parsed.toByteArray().slice(0, 8).join('.')}/64`;
}
