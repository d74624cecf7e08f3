/**
 * Sends to receivers of webhooks by HTTP/1.1 over TLS.
 *
 * At each try the host is resolved again. If any of its addresses is neither public nor allowed, nothing is connected
 * to. Otherwise the connection goes to one of these addresses, which is compared once more when it is open.
 */
import { Clock, Effect, Layer } from "effect"
import { type Failure, Outbound, type OutboundAnswer, type OutboundRequest } from "../../core/ports/Outbound.ts"
import * as Manifest from "../support/Manifest.ts"
import * as AddressCheck from "./AddressCheck.ts"
import * as Allowance from "./Allowance.ts"
import * as Connections from "./Connections.ts"
import * as Exchange from "./Exchange.ts"
import * as Hosts from "./Hosts.ts"
import * as Resolver from "./Resolver.ts"
import * as RetryAfter from "./RetryAfter.ts"
import * as Signature from "./Signature.ts"
import * as Target from "./Target.ts"

/** Settings of the adapter. */
export interface HttpsOutboundOptions {
  /** What may be reached besides public addresses over `https`; by default nothing. */
  readonly allowance?: Allowance.Allowance
  /** A proxy that all tries go through, which then decides about addresses: `http://HOST:PORT`. */
  readonly proxy?: URL
  /** The certificates that are trusted, in PEM; by default those of Node. */
  readonly ca?: string
  /** The servers of DNS, such as `127.0.0.1:5353`; by default those of the machine. */
  readonly dnsServers?: ReadonlyArray<string>
}

/** How long a try may take until TLS is there, and in all until the status; then how long the body is waited for. */
const limits = { connect: "5 seconds", total: "15 seconds", rest: "1 second" } as const

/** What the tries of one layer share. */
interface Sending {
  readonly allowance: Allowance.Allowance
  readonly resolve: Resolver.Resolver
  readonly connections: Connections.Connections
}

const fail = (failure: Failure) => Effect.fail(failure)

/** The addresses that a try may connect to. Fails if the URL, or any address of its host, is not allowed. */
const addressesOf = Effect.fnUntraced(function* (url: URL, { allowance, connections, resolve }: Sending) {
  if (Target.faultOf(url.href, allowance) !== undefined) return yield* fail("refused_address")
  if (Hosts.isAddress(url)) return [Hosts.of(url)]
  if (connections.isProxied) return []
  const found = yield* Effect.catch(resolve(Hosts.of(url)), () => fail("dns"))
  if (!found.every((each) => AddressCheck.isAllowed(each, allowance.networks))) return yield* fail("refused_address")
  return found
})

/** What every request says about itself. */
const ownHeaders = { accept: "*/*", "user-agent": `Assent/${Manifest.version} (webhooks)` }

/** Opens a connection and sends the request. */
const open = Effect.fnUntraced(function* ({ body, headers, url }: OutboundRequest, sending: Sending) {
  const target = new URL(url)
  const addresses = yield* addressesOf(target, sending)
  const all = { ...ownHeaders, ...headers, "content-length": Buffer.byteLength(body) }
  const exchange = yield* Exchange.make(() => sending.connections.request(target, addresses, all), body)
  yield* exchange.connected
  return exchange
})

const timeout = { orElse: () => fail("timeout") }

/** Sends the request, and waits for the status and headers of the answer. */
const answer = (request: OutboundRequest, sending: Sending) =>
  Effect.timeoutOrElse(open(request, sending), { duration: limits.connect, ...timeout }).pipe(
    Effect.flatMap(({ head, rest }) => Effect.map(head, (head) => ({ head, rest }))),
    Effect.timeoutOrElse({ duration: limits.total, ...timeout }),
  )

const exchangeOnce = Effect.fnUntraced(function* (request: OutboundRequest, sending: Sending) {
  const { head, rest } = yield* answer(request, sending)
  yield* Effect.timeoutOrElse(rest, { duration: limits.rest, orElse: () => Effect.void })
  const retryAfterMillis = RetryAfter.parse(head.headers["retry-after"], yield* Clock.currentTimeMillis)
  return {
    _tag: "Answered" as const,
    status: head.statusCode ?? 0,
    ...(retryAfterMillis !== undefined && { retryAfterMillis }),
  }
}, Effect.scoped)

/** The outcome of a try, without how long it took. */
type Outcome<Answer> = Answer extends OutboundAnswer ? Omit<Answer, "millis"> : never

/** Tries the connections that were kept before, until one still works, and then a new one. */
const exchange = (request: OutboundRequest, sending: Sending): Effect.Effect<Outcome<OutboundAnswer>> =>
  Effect.catch(exchangeOnce(request, sending), (failure) =>
    failure === "stale" ? exchange(request, sending) : Effect.succeed({ _tag: "Failed" as const, failure }),
  )

const send = Effect.fnUntraced(function* (request: OutboundRequest, sending: Sending) {
  const begun = yield* Clock.monotonicTimeNanos
  const outcome = yield* exchange(request, sending)
  const millis = Number(((yield* Clock.monotonicTimeNanos) - begun) / 1_000_000n)
  return { ...outcome, millis }
})

/** Sends by connections of its own, which are closed with the layer. */
export const layer = ({
  allowance = Allowance.none,
  ca,
  dnsServers,
  proxy,
}: HttpsOutboundOptions = {}): Layer.Layer<Outbound> =>
  Layer.effect(
    Outbound,
    Effect.gen(function* () {
      const connections = yield* Effect.acquireRelease(
        Effect.sync(() => (proxy === undefined ? Connections.direct(ca) : Connections.proxied(proxy, ca))),
        ({ close }) => Effect.sync(close),
      )
      const sending = { allowance, connections, resolve: Resolver.make(dnsServers) }
      return {
        urlFault: (url) => Target.faultOf(url, allowance),
        sign: (keys, id, timestamp, body) => Signature.sign(keys, { id, timestamp, body }),
        publicKey: Signature.publicKeyOf,
        send: (request) => send(request, sending),
      }
    }),
  )
