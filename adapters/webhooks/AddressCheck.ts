/**
 * Which addresses a webhook may be sent to: those that are public, and those in networks that the operator allows.
 *
 * An address is judged by what it reaches. An IPv6 address that a translator or the machine itself turns into an IPv4
 * address is judged as that one; 6to4 and Teredo addresses are refused, whatever they embed.
 */
import { Equal, Option, Result } from "effect"
import { IpNetwork, NetAddress } from "effect/net"

/**
 * The special-purpose blocks of IANA's registries for IPv4 and IPv6 (RFC 6890, RFC 8190), and multicast. Blocks that a
 * registry calls globally reachable are listed too, because a router of the own network answers them (RFC 7723, RFC
 * 8155), or no web server has an address there. Each block contains those that the registries list within it.
 */
const special = [
  "0.0.0.0/8", // this network, RFC 791
  "10.0.0.0/8", // private use, RFC 1918
  "100.64.0.0/10", // shared by the customers of a carrier, RFC 6598
  "127.0.0.0/8", // loopback, RFC 1122
  "169.254.0.0/16", // link local, RFC 3927: where clouds keep the credentials of a machine
  "172.16.0.0/12", // private use, RFC 1918
  "192.0.0.0/24", // protocol assignments, RFC 6890
  "192.0.2.0/24", // documentation, RFC 5737
  "192.31.196.0/24", // AS112, RFC 7535
  "192.52.193.0/24", // AMT, RFC 7450
  "192.88.99.0/24", // relays of 6to4, RFC 7526
  "192.168.0.0/16", // private use, RFC 1918
  "192.175.48.0/24", // AS112, RFC 7534
  "198.18.0.0/15", // benchmarks, RFC 2544
  "198.51.100.0/24", // documentation, RFC 5737
  "203.0.113.0/24", // documentation, RFC 5737
  "224.0.0.0/4", // multicast, RFC 5771
  "240.0.0.0/4", // reserved, RFC 1112; broadcast, RFC 919
  "2001::/23", // protocol assignments, RFC 2928: Teredo, benchmarks, AMT, AS112, ORCHID, DRIP
  "2001:db8::/32", // documentation, RFC 3849
  "2002::/16", // 6to4, RFC 3056
  "2620:4f:8000::/48", // AS112, RFC 7534
  "3fff::/20", // documentation, RFC 9637
].map(IpNetwork.fromStringUnsafe)

/**
 * All that is allocated of IPv6 for use on the Internet. Every other block is refused: loopback, private use
 * (`fc00::/7`), link local, site local, multicast, and those that are not allocated.
 */
const globalUnicast = IpNetwork.fromStringUnsafe("2000::/3")

/** The prefixes after which the last 32 bits are an IPv4 address: IPv4-mapped (RFC 4291), NAT64 (RFC 6052). */
const embedding = ["::ffff:0:0/96", "64:ff9b::/96"].map(IpNetwork.fromStringUnsafe)

const contains = (networks: ReadonlyArray<IpNetwork.IpNetwork>, address: NetAddress.IpAddress): boolean =>
  networks.some((network) => IpNetwork.contains(network, address))

/** The address that is reached: the IPv4 address that an IPv6 address stands for, otherwise the address itself. */
const reached = (address: NetAddress.IpAddress): NetAddress.IpAddress =>
  NetAddress.isIpv6Address(address) && contains(embedding, address)
    ? NetAddress.ipv4FromBytesUnsafe(Uint8Array.from(NetAddress.ipv6ToOctets(address).slice(12)))
    : address

/** An address from its text, as a resolver or a socket writes it; `None` for any other text. */
export const parse = (text: string): Option.Option<NetAddress.IpAddress> =>
  Result.getSuccess(NetAddress.ipFromString(text))

/** Whether an address is public: allocated for use on the Internet, and not for a special purpose. */
export const isPublic = (address: NetAddress.IpAddress): boolean => {
  const own = reached(address)
  if (contains(special, own)) return false
  return NetAddress.isIpv4Address(own) || IpNetwork.contains(globalUnicast, own)
}

/** Whether a text is an address that is public or in one of the networks. A text that is not an address is refused. */
export const isAllowed = (text: string, networks: ReadonlyArray<IpNetwork.IpNetwork>): boolean =>
  Option.exists(
    parse(text),
    (address) => isPublic(address) || contains(networks, reached(address)) || contains(networks, address),
  )

/** Whether two texts are the same address, of which one may be IPv4-mapped, as a socket of IPv6 writes it. */
export const isSame = (one: string, other: string): boolean =>
  Option.match(Option.all([parse(one), parse(other)]), {
    onNone: () => false,
    onSome: ([one, other]) => Equal.equals(NetAddress.toCanonical(one), NetAddress.toCanonical(other)),
  })
