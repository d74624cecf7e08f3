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

/**
 * The address of the client of a request. Logs a warning once if the request comes through a proxy and no header is
 * configured, because then all clients of the proxy share one quota.
 */
export const of = Effect.fnUntraced(function* ({ headers, remoteAddress }: HttpServerRequest.HttpServerRequest) {
  const connection = Option.getOrElse(remoteAddress, () => "")
  const header = yield* AddressHeader
  if (header !== undefined) return fromHeader(headers[header.toLowerCase()]) ?? connection
  if (!isWarned && usual.some((name) => headers[name] !== undefined)) {
    isWarned = true
    yield* Effect.logWarning(
      "requests come through a proxy, and ASSENT_ADDRESS_HEADER is not set: all visitors share the quota of the proxy's address",
    )
  }
  return connection
})
