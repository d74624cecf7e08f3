/**
 * Cursors: the sealed places where pages of lists ended.
 *
 * A cursor is signed together with its purpose: the list, its filter and order, and the caller. A text that was
 * altered, or that was sealed for another list or another caller, is not a cursor.
 */
import { Effect, Result } from "effect"
import { Mac } from "effect/crypto"
import { Base64Url } from "effect/encoding"
import type { Organization } from "../model/Catalog.ts"
import type { LedgerContext } from "./LedgerContext.ts"

/** The list, filter, order and caller that a cursor is good for: plain data. */
export type Purpose = unknown

/** Raised when the form of a place changes, so that earlier cursors are refused. */
const formatVersion = 1

const encoder = new TextEncoder()
const macLength = 32

const macOf = Effect.fnUntraced(function* (
  organization: Organization,
  purpose: Purpose,
  place: string,
  { hasherOf }: Pick<LedgerContext, "hasherOf">,
) {
  const hasher = yield* hasherOf(organization)
  return yield* hasher.sign("cursor", JSON.stringify([formatVersion, purpose, place]))
})

const encode = (mac: Uint8Array, text: string): string =>
  Base64Url.encode(new Uint8Array([...mac, ...encoder.encode(text)]))

/** Seals a place in a list: plain data. */
export const seal = Effect.fnUntraced(function* (
  organization: Organization,
  purpose: Purpose,
  place: unknown,
  context: Pick<LedgerContext, "hasherOf">,
) {
  const text = JSON.stringify(place)
  const mac = yield* macOf(organization, purpose, text, context)
  return encode(mac, text)
})

/** The place of a cursor that was sealed for this purpose; `undefined` for any other text. */
export const open = Effect.fnUntraced(function* <Place>(
  organization: Organization,
  purpose: Purpose,
  cursor: string,
  context: Pick<LedgerContext, "hasherOf">,
) {
  const bytes = Result.getOrElse(Base64Url.decode(cursor), () => new Uint8Array())
  const text = new TextDecoder().decode(bytes.subarray(macLength))
  const mac = yield* macOf(organization, purpose, text, context)
  if (!Mac.timingSafeEqual(mac, bytes.subarray(0, macLength))) return undefined
  // Other texts can decode to the same bytes, and other bytes to the same place: only the text that was sealed is the
  // cursor.
  if (encode(mac, text) !== cursor) return undefined
  // The signature shows that `seal` wrote the text.
  return JSON.parse(text) as Place
})
