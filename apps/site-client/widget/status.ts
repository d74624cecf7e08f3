/**
 * What is in force, in words: by the status of the decision, with its dates in the visitor's language.
 */
import type { Decision } from "../../../core/engine/Decision.ts"
import type { Instant } from "../../../core/engine/Instant.ts"
import type { ShownTexts, StatusTexts } from "../../../core/browser/Region.ts"

/** Writes a date as the visitor's language does. */
export const dateIn = (language: string): ((instant: Instant) => string) => {
  const format = new Intl.DateTimeFormat(language, { dateStyle: "long" })
  return (instant) => format.format(instant)
}

/** The sentence about one event: its state, since when, and, where it is known, until when. */
export const sentence = (
  { language, statuses }: Pick<ShownTexts, "language" | "statuses">,
  status: keyof StatusTexts,
  since: Instant | undefined,
  until?: Instant,
): string => {
  const date = dateIn(language)
  const withEnd = `${status}Until` as keyof StatusTexts
  const text = (until !== undefined && statuses[withEnd]) || statuses[status]
  return text
    .replace("{since}", since === undefined ? "" : date(since))
    .replace("{until}", until === undefined ? "" : date(until))
}

/** The sentence about a decision. */
export const ofDecision = (texts: ShownTexts, { status, event, expiresAt, because }: Decision): string =>
  sentence(texts, status, event?.consentDate, because.lapse?.at ?? expiresAt)
