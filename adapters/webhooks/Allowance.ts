/**
 * What the operator allows webhooks to reach besides public addresses over `https`: networks, such as `10.0.0.0/8`, and
 * origins without TLS, such as `http://mail.internal:8080`.
 *
 * The two are apart: an origin may be called without TLS, and its addresses are checked like any other. Where its host
 * is an address, that address is allowed; `localhost` is the loopback addresses (RFC 6761, section 6.3).
 */
import { Option, Result } from "effect"
import { IpNetwork, NetAddress } from "effect/net"
import * as AddressCheck from "./AddressCheck.ts"
import * as Hosts from "./Hosts.ts"

/** What is allowed. */
export interface Allowance {
  readonly networks: ReadonlyArray<IpNetwork.IpNetwork>
  /** Origins as `URL.origin` writes them. */
  readonly origins: ReadonlySet<string>
}

/** Nothing besides public addresses over `https`. */
export const none: Allowance = { networks: [], origins: new Set() }

/** Every address, over `https`: for a try of one's own receiver. */
export const everyNetwork: Allowance = {
  networks: ["0.0.0.0/0", "::/0"].map(IpNetwork.fromStringUnsafe),
  origins: new Set(),
}

/** What a text that {@link parse} reads looks like. */
export const expected =
  "networks such as 10.0.0.0/8, and origins such as http://mail.internal:8080, with spaces between"

/** The addresses that the host of an origin stands for without being resolved. */
const addressesOf = (host: string): ReadonlyArray<string> => (host === "localhost" ? ["127.0.0.1", "::1"] : [host])

const originIn = (text: string): Option.Option<Allowance> => {
  if (!URL.canParse(text)) return Option.none()
  const url = new URL(text)
  if (url.protocol !== "http:" || url.href !== `${url.origin}/`) return Option.none()
  const networks = addressesOf(Hosts.of(url)).flatMap((host) =>
    Option.match(AddressCheck.parse(host), {
      onNone: () => [],
      onSome: (address) => [IpNetwork.makeUnsafe(address, NetAddress.width(address))],
    }),
  )
  return Option.some({ networks, origins: new Set([url.origin]) })
}

const one = (text: string): Option.Option<Allowance> =>
  IpNetwork.fromString(text).pipe(
    Result.map((network): Allowance => ({ networks: [network], origins: new Set() })),
    Result.getSuccess,
    Option.orElse(() => originIn(text)),
  )

/** Networks and origins, with spaces or commas between; `None` for any other text. */
export const parse = (text: string): Option.Option<Allowance> =>
  Option.map(
    Option.all(
      text
        .split(/[\s,]+/)
        .filter((part) => part !== "")
        .map(one),
    ),
    (parts) => ({
      networks: parts.flatMap(({ networks }) => networks),
      origins: new Set(parts.flatMap(({ origins }) => [...origins])),
    }),
  )
