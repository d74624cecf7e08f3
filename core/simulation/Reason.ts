/**
 * Why answers differ, in words that can be counted: what the candidate says instead.
 *
 * A reason is also a whole number ({@link Key}), so that millions of them can be counted without making words.
 */
import * as ConsentState from "../engine/ConsentState.ts"
import * as Outcome from "../engine/Outcome.ts"

/** An answer as a number from 0 to 31: four times the index of the status, 2 if permitted, 1 if it may be asked again. */
export type Code = number

/** The code of an answer. */
export const codeOf = ({ status, permitted, askAgain }: Omit<Outcome.Outcome, "rule" | "event" | "expiresAt">): Code =>
  Outcome.statuses.indexOf(status) * 4 + (permitted ? 2 : 0) + (askAgain ? 1 : 0)

/** The status of a code. */
export const status = (code: Code): Outcome.Status => Outcome.statuses[code >> 2]!

/** Whether the answer of a code permits. */
export const isPermitted = (code: Code): boolean => (code & 2) !== 0

/** Whether the answer of a code lets the person be asked again. */
export const isAsked = (code: Code): boolean => (code & 1) !== 0

/** A candidate's answer, the state of its deciding event (as in `ConsentState.all`) and the version it lapsed by, or 0. */
export type Key = number

/** Makes a key. */
export const key = (code: Code, state: number, version: number): Key => (version * 4 + state) * 32 + code

const yes: { readonly [State in ConsentState.ConsentState]: string } = {
  accepted: "an accepted answer",
  declined: "a refusal",
  implied: "an implied answer",
  viewed: "a view",
}

/** The words for a key: lower case, no full stop. */
export const describe = (key: Key): string => {
  const code = key % 32
  const rest = Math.floor(key / 32)
  const answer = yes[ConsentState.all[rest % 4]!]
  const version = Math.floor(rest / 4)
  switch (status(code)) {
    case "given":
      return `${answer} counts`
    case "implied":
    case "requested":
      return `${answer} counts and ${isPermitted(code) ? "permits" : "does not permit"}`
    case "refused":
    case "withdrawn":
      return `${status(code) === "refused" ? answer : "a withdrawal"} decides${isAsked(code) ? " and has lapsed: it may be asked about again" : ", and may not be asked about again yet"}`
    case "expired":
      return `${answer} has expired`
    case "invalidated":
      return `${answer} is to an older text: version ${version} must be accepted anew`
    case "unknown":
      return "there is no event"
  }
}
