/**
 * The port to receivers of webhooks: one try to deliver, and the signature that it carries.
 *
 * The adapter decides which addresses may be connected to; its settings are its own, not those of a try. No failure is
 * an error of the Effect: a try always has an outcome.
 */
import { Context, type Effect } from "effect"

/** How a webhook signs: HMAC-SHA-256 (`v1`) or Ed25519 (`v1a`) of Standard Webhooks 1.0.0. */
export type Scheme = "hmac" | "ed25519"

/** A key that signs: 32 bytes, the secret of HMAC or the seed of Ed25519 (RFC 8032). */
export interface SigningKey {
  readonly scheme: Scheme
  readonly bytes: Uint8Array
}

/** One try: a POST of `body`, exactly as it was signed. */
export interface OutboundRequest {
  readonly url: string
  /** By lower-case name, without those of HTTP itself (`host`, `content-length`, `connection`). */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Why a try had no answer: the name was not resolved; an address is not allowed; no connection; TLS failed, or the
 * certificate is not for the host; 5 s passed until TLS or 15 s in all; the connection ended before the status and
 * headers were complete.
 */
export type Failure = "dns" | "refused_address" | "connect" | "tls" | "timeout" | "reset"

/** Every kind of failure. */
export const failures: ReadonlyArray<Failure> = ["dns", "refused_address", "connect", "tls", "timeout", "reset"]

/**
 * The outcome of a try. `millis` is whole milliseconds of a monotonic clock. Nothing of the answer's body is kept.
 */
export type OutboundAnswer =
  | {
      readonly _tag: "Answered"
      /** 200 to 599. No redirect is followed. */
      readonly status: number
      readonly millis: number
      /** Of a `Retry-After` header (RFC 9110, section 10.2.3) as seconds or date: milliseconds from now, from 0. */
      readonly retryAfterMillis?: number
    }
  | { readonly _tag: "Failed"; readonly failure: Failure; readonly millis: number }

/** The rule that a URL breaks, such as `must have the scheme https`. Nothing of the URL is in it. */
export interface UrlFault {
  readonly detail: string
}

/** Sends to receivers of webhooks. */
export class Outbound extends Context.Service<
  Outbound,
  {
    /**
     * The fault of a URL that no try would connect to, whatever its name resolves to: its scheme, user information,
     * fragment, port, length, or an address literal that is not allowed. Resolves nothing.
     */
    readonly urlFault: (url: string) => UrlFault | undefined
    /**
     * The value of the header `webhook-signature`: one signature for each key, in their order, with a space between.
     * `timestamp`: whole seconds since 1970.
     */
    readonly sign: (keys: ReadonlyArray<SigningKey>, id: string, timestamp: number, body: string) => string
    /** The public key of an Ed25519 seed: `whpk_` and base64 of 32 bytes. */
    readonly publicKey: (seed: Uint8Array) => string
    /** Makes one try. Interrupted, it closes its connection. */
    readonly send: (request: OutboundRequest) => Effect.Effect<OutboundAnswer>
  }
>()("assent/ports/Outbound") {}
