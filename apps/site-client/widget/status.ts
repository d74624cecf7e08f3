/**
 * What is in force, in words: by the status of the decision, with its dates in the visitor's language.
 */
import type { PageTexts, StatusTexts } from "../../../core/browser/Region.ts"
import type { Decision } from "../../../core/engine/Decision.ts"
import type { Instant } from "../../../core/engine/Instant.ts"

/** The sentence about a status: since when, and, where it is known, until when. */
export const sentence = (
  { language, statuses }: Pick<PageTexts, "language" | "statuses">,
  status: keyof StatusTexts,
  since?: Instant,
  until?: Instant,
): string => {
  const format = new Intl.DateTimeFormat(language, { dateStyle: "long" })
  const withEnd = until !== undefined && statuses[`${status}Until` as keyof StatusTexts]
  return (withEnd || statuses[status]).replace(/\{(since|until)\}/g, (_, name) =>
    format.format(name === "since" ? since : until),
  )
}

/** The sentence about a decision. */
export const ofDecision = (texts: PageTexts, { status, event, expiresAt, because }: Decision): string =>
  sentence(texts, status, event?.consentDate, because.lapse?.at ?? expiresAt)
