/**
 * The address of the client: that of the connection, or the one that a trusted proxy sends in a header.
 */
import { Context, Effect, Option, Result } from "effect"
import type { HttpServerRequest } from "effect/http"
import { NetAddress } from "effect/net"

/** The header in which a trusted proxy sends the client's address; none unless configured. */
export const AddressHeader = Context.Reference<string | undefined>("assent/http/AddressHeader", {
  defaultValue: () => undefined,
})

/** The address in `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1` or `[2001:db8::1]:443`. */
const addressIn = (text: string): string =>
  /^\[(.*)\](?::\d+)?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d+$/, "$1")

/**
 * The address that a header names: its last element, because each proxy appends the address it was called from, and
 * only the last proxy is trusted. `undefined` if that is not an address.
 */
export const fromHeader = (value: string | undefined): string | undefined => {
  const address = addressIn(value?.split(",").at(-1)?.trim() ?? "")
  return Result.isSuccess(NetAddress.ipFromString(address)) ? address : undefined
}

/** The headers by which proxies usually name their client. */
const usual = ["forwarded", "x-forwarded-for", "x-real-ip"]

let isWarned = false

/** The networks that the Internet does not route, as they are shortened: RFC 1918, RFC 4193, RFC 6598, loopback. */
const local =
  /^(?:10\.|127\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd][0-9a-f]{2}:|::1?$|0\.0\.0\.0$)/i

/**
 * The address whose quota a request is drawn from, given the shortened address of its client; `undefined` if that is
 * probably a proxy's, because it is local and no header is configured. Otherwise the visitors of a whole site would
 * share one quota, and could not open the sessions in which they refuse.
 */
export const holderOf = (shortened: string): Effect.Effect<string | undefined> =>
  Effect.map(AddressHeader, (header) => (header === undefined && local.test(shortened) ? undefined : shortened))

/**
 * The address of the client of a request. Logs a warning once if the request comes through a proxy and no header is
 * configured, because then the quota of an address is that of the proxy, or does not hold.
 */
export const of = Effect.fnUntraced(function* ({ headers, remoteAddress }: HttpServerRequest.HttpServerRequest) {
  const connection = Option.getOrElse(remoteAddress, () => "")
  const header = yield* AddressHeader
  if (header !== undefined) return fromHeader(headers[header.toLowerCase()]) ?? connection
  if (!isWarned && usual.some((name) => headers[name] !== undefined)) {
    isWarned = true
    yield* Effect.logWarning(
      "requests come through a proxy, and ASSENT_ADDRESS_HEADER is not set: visitors have no quota of their own address",
    )
  }
  return connection
})
