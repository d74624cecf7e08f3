/**
 * `assent webhooks try`: sends a sample change to a receiver, signed as the service signs.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Clock, Data, Effect, Layer } from "effect"
import { Command, Flag } from "effect/cli"
import { SecureRandom } from "effect/crypto"
import * as Allowance from "../../../adapters/webhooks/Allowance.ts"
import * as HttpsOutbound from "../../../adapters/webhooks/HttpsOutbound.ts"
import * as Signature from "../../../adapters/webhooks/Signature.ts"
import { Outbound, type OutboundAnswer, type SigningKey } from "../../../core/ports/Outbound.ts"
import * as Delivery from "../../../core/webhooks/Delivery.ts"
import * as SampleChange from "../../../core/webhooks/SampleChange.ts"
import * as Output from "../Output.ts"
import * as SecretFlag from "../SecretFlag.ts"

/** The receiver did not take the change. */
export class NotTaken extends Data.TaggedError("NotTaken")<{ readonly message: string }> {}

const reasons: Readonly<Record<Extract<OutboundAnswer, { readonly _tag: "Failed" }>["failure"], string>> = {
  dns: "its name is not resolved by DNS",
  refused_address: "the URL is not one that webhooks can be sent to",
  connect: "nothing listens there",
  tls: "TLS failed, or the certificate is not for this host",
  timeout: "it did not answer in time",
  reset: "it closed the connection without an answer",
}

/** Sends a sample change, with the key in place of a webhook's. */
const send = Effect.fnUntraced(function* (url: string, key: SigningKey) {
  const outbound = yield* Outbound
  const now = yield* Clock.currentTimeMillis
  const sample = yield* SampleChange.make({ random: yield* SecureRandom.SecureRandom })
  const signed = { id: sample.id, timestamp: Math.floor(now / 1000), body: Delivery.bodyOf(sample) }
  const headers = Delivery.headersOf(signed, Signature.sign([key], signed))
  return yield* outbound.send({ url, headers, body: signed.body })
})

/** What a test of one's own receiver may reach: any address, and the receiver without TLS, too. */
const allowance = (url: string): Allowance.Allowance => ({
  ...Allowance.everyNetwork,
  origins: new Set([new URL(url).origin]),
})

/** The subcommand. */
export const attempt = Command.make(
  "try",
  {
    url: Flag.String("url").pipe(
      Flag.withMetavar("<url>"),
      Flag.withDescription("The receiver: https, or http where it is only for development"),
      Flag.filter(
        (text) => URL.canParse(text) && /^https?:/.test(text),
        () => "a URL, such as https://example.com/hooks",
      ),
    ),
    secret: SecretFlag.flag("Sign with a secret (whsec_) or a private key (whsk_)"),
  },
  Effect.fnUntraced(function* ({ secret, url }) {
    const key = yield* SecretFlag.read(secret, Signature.readSigning, Signature.expectedSigning)
    const outbound = HttpsOutbound.layer({ allowance: allowance(url) })
    const answer = yield* Effect.provide(send(url, key), Layer.mergeAll(outbound, NodeCrypto.layer))
    if (answer._tag === "Failed") return yield* new NotTaken({ message: `the receiver: ${reasons[answer.failure]}` })
    const { millis, status } = answer
    const isTaken = status >= 200 && status < 300
    if (!isTaken)
      return yield* new NotTaken({ message: `the receiver answered ${status}; a change is taken with 200 to 299` })
    return yield* Output.write(`taken: ${status} after ${millis} ms\n`)
  }),
).pipe(
  Command.withDescription("Send a sample change to a receiver, signed as the service signs"),
  Command.withExamples([
    {
      command: "assent webhooks try --url http://localhost:3000/hooks --secret - < secret.txt",
      description: "See whether your receiver accepts the signature",
    },
  ]),
)
