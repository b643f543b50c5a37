import { type LookupAddress, lookup as resolve } from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';

/** Networks that are not part of the public internet, by the RFC that says so. */
const innerNetworks: readonly string[] = [
  // This host, loopback and link-local, where clouds have their metadata: RFC 1122, RFC 3927.
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16'],
  // Private use, and shared by the customers of a carrier: RFC 1918, RFC 6598.
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'],
  // Protocol assignments, documentation, benchmarks: RFC 6890, RFC 5737, RFC 2544.
  ...['192.0.0.0/24', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '198.18.0.0/15', '192.88.99.0/24'],
  // Multicast, reserved and broadcast: RFC 5771, RFC 1112.
  ...['224.0.0.0/4', '240.0.0.0/4'],
  // The same for IPv6: RFC 4291, RFC 4193, RFC 3879, RFC 3849, RFC 6666.
  ...['::/128', '::1/128', 'fe80::/10', 'fc00::/7', 'fec0::/10', 'ff00::/8', '2001:db8::/32', '100::/64'],
  // Addresses with an IPv4 address in them, which may be any of these: RFC 4291, RFC 6052, RFC 8215, RFC 3056, RFC 4380.
  ...['::/96', '64:ff9b::/96', '64:ff9b:1::/48', '2002::/16', '2001::/32'],
];

/** Thrown if a hook must not be sent to an address. The message says why. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
}

/**
 * Decides where hooks may be sent: to https addresses outside the network of the server, and anywhere in the networks
 * that its operator allows. otherwise anyone who adds a hook could reach services that only the server can.
 *
 * A name is resolved when a connection is made, and the connection goes to the address that was checked. A name that
 * resolves to another address a moment later changes nothing.
 */
export class AddressGuard {
  readonly #inner = listOf(innerNetworks);
  readonly #allowed: BlockList;

  /** `allowed`: addresses, and networks such as `10.0.0.0/8`. */
  constructor(allowed: readonly string[]) {
    this.#allowed = listOf(allowed);
  }

  /** Throws {@link AddressRefusedError} if this address, as far as it can be known without resolving names, is refused. */
  check(url: URL): void {
    const host = hostOf(url);
    const isAddress = isIP(host) !== 0;
    if (isAddress) this.#checkAddress(host, host, url.protocol);
    // A name is checked once it is resolved: it may be in a network that is allowed.
    else if (url.protocol !== 'https:' && this.#allowed.rules.length === 0) throw plainRefused();
  }

  /** Returns a function that resolves names for connections to this address, and fails if they are refused. */
  lookupFor(url: URL): LookupFunction {
    const host = hostOf(url);
    return (name, options, callback) => {
      resolve(name, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return callback(error, '', 0);
        try {
          // A forward proxy has another name, which the operator of the server has chosen.
          if (name === host) for (const { address } of addresses) this.#checkAddress(address, name, url.protocol);
        } catch (refused) {
          return callback(refused as Error, '', 0);
        }
        answer(addresses, options.all === true, callback);
      });
    };
  }

  #checkAddress(address: string, name: string, protocol: string): void {
    const plain = withoutMapping(address);
    if (isIn(this.#allowed, plain)) return;
    if (isIn(this.#inner, plain)) {
      const named = name === address ? address : `${name} is ${address}, which`;
      throw new AddressRefusedError(`${named} is inside the network of the server or reserved`);
    }
    if (protocol !== 'https:') throw plainRefused();
  }
}

function plainRefused(): AddressRefusedError {
  return new AddressRefusedError('the address is not https');
}

function answer(addresses: readonly LookupAddress[], all: boolean, callback: Parameters<LookupFunction>[2]): void {
  const [first] = addresses;
  if (first === undefined) callback(new Error('the name has no address'), '', 0);
  else if (all) callback(null, [...addresses]);
  else callback(null, first.address, first.family);
}

/** The host of a URL, without the brackets of an IPv6 address. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** The IPv4 address in an IPv6 address that maps it, such as `::ffff:127.0.0.1`; any other address as it is. */
function withoutMapping(address: string): string {
  // Normal form, such as ::ffff:7f00:1.
  const normal = isIPv6(address) ? hostOf(new URL(`http://[${address.split('%')[0]}]`)) : address;
  const [, high = '', low = ''] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(normal) ?? [];
  if (high === '') return normal;
  const bytes = [high, low].flatMap((part) => [Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255]);
  return bytes.join('.');
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = familyOf(address);
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

function isIn(list: BlockList, address: string): boolean {
  return list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
