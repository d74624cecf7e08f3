/**
 * Decodes the JSON value of one line of events.ndjson.
 *
 * {@link Exchange.Event} defines an event. {@link decodeUsual} decodes a usual line without the schema, in half the
 * time. Every line that it does not recognise is decoded by the schema, which also finds what is wrong. A test compares
 * the two.
 */
import { Predicate, Result } from "effect"
import * as ConsentState from "../../core/engine/ConsentState.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as Instant from "../../core/engine/Instant.ts"

/** An event as its line states it. */
export type DecodedEvent = typeof Exchange.Event.Type

const decodeWithSchema = Exchange.decoder(Exchange.Event)

/** Decodes an event, or returns everything that is wrong with it. */
export const decode = (value: unknown): Result.Result<DecodedEvent, ReadonlyArray<Exchange.Violation>> => {
  const event = decodeUsual(value)
  return event === undefined ? decodeWithSchema(value) : Result.succeed(event)
}

const isName = (value: unknown): value is string => typeof value === "string" && value !== ""

const instantOf = (value: unknown): Instant.Instant | undefined =>
  typeof value === "string" ? Instant.parse(value) : undefined

/** Decodes a valid event without the schema; `undefined` if the value is invalid or unusual. */
export const decodeUsual = (value: unknown): DecodedEvent | undefined => {
  if (!Predicate.isObject(value)) return undefined
  const line: { readonly [Key in keyof DecodedEvent]?: unknown } = value
  const { id, concordId, consentType, version, expirationDate } = line
  if (!isName(id) || !isName(concordId) || !isName(consentType)) return undefined
  if (version != null && !(typeof version === "number" && Number.isSafeInteger(version) && version >= 1)) {
    return undefined
  }
  const consentState = ConsentState.all.find((state) => state === line.consentState)
  const consentAction = ConsentState.actions.find((action) => action === line.consentAction)
  const consentDate = instantOf(line.consentDate)
  const dateCreated = instantOf(line.dateCreated)
  const expires = expirationDate == null ? null : instantOf(expirationDate)
  if (consentState === undefined || consentAction === undefined) return undefined
  if (consentDate === undefined || dateCreated === undefined || consentDate > dateCreated) return undefined
  if (expires === undefined || (expires !== null && expires <= consentDate)) return undefined
  return {
    id,
    concordId,
    consentType,
    version: version ?? null,
    consentState,
    consentAction,
    consentDate,
    dateCreated,
    expirationDate: expires,
  }
}
