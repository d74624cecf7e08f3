/**
 * Law W6: no connection to an address outside of what is allowed, by a resolver that answers otherwise each time.
 *
 * The resolver is a server of DNS on the loopback network. Of that network one address is allowed; on all of them the
 * same port is listened on, so that a connection to any of them is seen.
 */
import fc from "fast-check"
import { Effect, Option } from "effect"
import { afterAll, beforeAll, expect, test } from "vitest"
import * as Allowance from "../../adapters/webhooks/Allowance.ts"
import * as HttpsOutbound from "../../adapters/webhooks/HttpsOutbound.ts"
import { Outbound, type OutboundRequest } from "../../core/ports/Outbound.ts"
import { type Certificate, certificate } from "../support/certificate.ts"
import { type DnsAnswer, type DnsServer, startDns } from "../support/dnsServer.ts"
import { times } from "../support/long.ts"
import { type Receiver, startReceiver } from "../support/receiver.ts"

const allowed = ["127.0.0.1", "127.0.0.2"]
const forbidden = ["127.0.0.3", "127.0.0.4", "::1"]

/** Addresses that nothing listens on in a test: asked for, they would be connected to in vain. */
const elsewhere = ["10.0.0.1", "169.254.169.254", "0.0.0.0", "::ffff:127.0.0.3", "64:ff9b::7f00:3", "::"]

let own: Certificate
let receivers: ReadonlyArray<Receiver> = []
let dns: DnsServer
let answers: ReadonlyArray<DnsAnswer> = []
let asked = 0

/** Each question takes the next answer, so that both questions of a try, and all tries, are answered otherwise. */
const next = (): DnsAnswer => answers[asked++ % answers.length]!

beforeAll(async () => {
  own = certificate("DNS:hooks.test")
  const first = await startReceiver({ certificate: own, address: allowed[0]! })
  const others = [...allowed.slice(1), ...forbidden].map((address) =>
    startReceiver({ certificate: own, address, port: first.port }),
  )
  receivers = [first, ...(await Promise.all(others))]
  dns = await startDns(next)
})
afterAll(() => Promise.all([...receivers, dns].map((each) => each.stop())))

const dnsAnswer: fc.Arbitrary<DnsAnswer> = fc.oneof(
  { weight: 3, arbitrary: fc.uniqueArray(fc.constantFrom(...allowed), { minLength: 1 }) },
  { weight: 2, arbitrary: fc.uniqueArray(fc.constantFrom(...allowed, ...forbidden, ...elsewhere), { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom("NXDOMAIN", "SERVFAIL") },
)

/** Whether a try may connect, by the answers to its two questions; the order in which they are asked is open. */
const mayConnect = (given: ReadonlyArray<DnsAnswer>): boolean => {
  if (given.includes("SERVFAIL")) return false
  const [a, aaaa] = given
  const families = ([one, other]: ReadonlyArray<DnsAnswer | undefined>) => [
    ...(Array.isArray(one) ? one.filter((address: string) => !address.includes(":")) : []),
    ...(Array.isArray(other) ? other.filter((address: string) => address.includes(":")) : []),
  ]
  return [families([a, aaaa]), families([aaaa, a])].some(
    (addresses) => addresses.length > 0 && addresses.every((address) => allowed.includes(address)),
  )
}

const request = (): OutboundRequest => ({ url: `https://hooks.test:${receivers[0]!.port}/`, headers: {}, body: "{}" })

const opened = () => receivers.map(({ connections }) => connections().opened)

/** Mutants: one good address is enough; the address of a connection is not compared, and the look-up asks again. */
test("W6: only allowed addresses are connected to, and only if the resolver named no other in that try", async () => {
  const tries = fc.array(dnsAnswer, { minLength: 2, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(tries, async (given) => {
      answers = given
      asked = 0
      const outcomes = await Effect.gen(function* () {
        const { send } = yield* Outbound
        return yield* Effect.forEach(given, () =>
          Effect.gen(function* () {
            const from = asked
            const outcome = yield* send(request())
            expect(asked - from).toBe(2)
            return { outcome, given: [from, from + 1].map((at) => given[at % given.length]!) }
          }),
        )
      }).pipe(
        Effect.provide(
          HttpsOutbound.layer({
            allowance: Option.getOrThrow(Allowance.parse(allowed.map((address) => `${address}/32`).join(" "))),
            ca: own.cert,
            dnsServers: [dns.address],
          }),
        ),
        Effect.runPromise,
      )
      for (const { given, outcome } of outcomes) {
        if (outcome._tag === "Answered") expect(mayConnect(given)).toBe(true)
        else expect(["refused_address", "dns"]).toContain(outcome.failure)
      }
      expect(opened().slice(allowed.length)).toEqual(forbidden.map(() => 0))
    }),
    { numRuns: times(60, 2_000) },
  )
  expect(
    opened()
      .slice(0, allowed.length)
      .every((count) => count > 0),
  ).toBe(true)
})
