/**
 * IP addresses of visitors, shortened before they are kept.
 */
import { Result } from "effect"
import { IpNetwork, NetAddress } from "effect/net"

/**
 * An address with its last octet (IPv4) or last 80 bits (IPv6) set to zero; `0.0.0.0` for a text that is not an
 * address.
 */
export const shorten = (address: string): string =>
  NetAddress.ipFromString(address.replace(/^::ffff:(?=\d+\.)/i, "")).pipe(
    Result.flatMap((ip) => IpNetwork.fromAddress(ip, NetAddress.isIpv4Address(ip) ? 24 : 48)),
    Result.match({ onFailure: () => "0.0.0.0", onSuccess: (network) => NetAddress.formatIp(network.address) }),
  )
