/**
 * A delivery of a webhook, as a receiver reads and checks it (Standard Webhooks 1.0.0).
 */
import { Result } from "effect"
import * as Signature from "../../adapters/webhooks/Signature.ts"

/** A delivery, as it came. */
export interface Delivery extends Signature.Signed {
  readonly signature: string
  readonly isReplay: boolean
  /** What the body says. */
  readonly json: unknown
}

/** Why a delivery is refused, and the status that says so. */
export interface Refusal {
  readonly status: 400 | 401
  readonly reason: string
}

const refuse = (status: Refusal["status"], reason: string) => Result.fail<Refusal>({ status, reason })

/** What an id and a type look like. The text of any other is not shown, because it may command a terminal. */
const shown = /^[\w.-]{1,100}$/

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Reads a delivery from the headers, by lower-case name, and the body of a request. */
export const read = (
  headers: Readonly<Record<string, string | undefined>>,
  body: string,
): Result.Result<Delivery, Refusal> => {
  const { "webhook-id": id = "", "webhook-signature": signature = "", "webhook-timestamp": timestamp = "" } = headers
  if (!shown.test(id)) return refuse(400, "the header webhook-id is missing, or is not an id")
  if (!/^[1-9]\d{0,11}$/.test(timestamp))
    return refuse(400, "the header webhook-timestamp is missing, or is not seconds")
  const json = parse(body)
  if (json === undefined) return refuse(400, "the body is not JSON")
  return Result.succeed({
    id,
    timestamp: Number(timestamp),
    body,
    signature,
    isReplay: headers["assent-replay"] === "1",
    json,
  })
}

/** Checks the time of a delivery, by this machine's clock, and its signature. */
export const check = (
  delivery: Delivery,
  key: Signature.VerifyingKey,
  now: number,
): Result.Result<Delivery, Refusal> => {
  const apart = Math.abs(now / 1000 - delivery.timestamp)
  if (apart > Signature.toleranceSeconds) {
    const limit = Signature.toleranceSeconds
    return refuse(
      401,
      `webhook-timestamp is ${Math.round(apart)} s from this machine's clock, and ${limit} s are allowed`,
    )
  }
  return Signature.verify(key, delivery, delivery.signature)
    ? Result.succeed(delivery)
    : refuse(401, "no signature is by the given secret")
}

/** The type of the change that is delivered; `no type` if it has no type. */
export const typeOf = ({ json }: Delivery): string => {
  const { type }: { readonly type?: unknown } = Object(json)
  return typeof type === "string" && shown.test(type) ? type : "no type"
}

/** The body on one line. Control characters beyond those of JSON (C1 of ECMA-48) are escaped, too. */
export const lineOf = ({ json }: Delivery): string =>
  JSON.stringify(json).replace(/[\u007F-\u009F]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`)
