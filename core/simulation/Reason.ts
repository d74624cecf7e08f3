/**
 * Why the answers of baseline and candidate differ, as a short phrase about the candidate's answer.
 *
 * A reason is also a whole number ({@link Key}), so that millions of them can be counted without building strings.
 */
import * as ConsentState from "../engine/ConsentState.ts"
import * as Outcome from "../engine/Outcome.ts"

/**
 * An answer as a number from 0 to 31: four times the index of the status, plus 2 if permitted, plus 1 if `askAgain`.
 */
export type AnswerCode = number

/** The code of an answer. */
export const codeOf = ({
  status,
  permitted,
  askAgain,
}: Omit<Outcome.Outcome, "rule" | "event" | "expiresAt">): AnswerCode =>
  Outcome.statuses.indexOf(status) * 4 + (permitted ? 2 : 0) + (askAgain ? 1 : 0)

/** The status of a code. */
export const status = (code: AnswerCode): Outcome.Status => Outcome.statuses[code >> 2]!

/** Whether the answer of a code is permitted. */
export const isPermitted = (code: AnswerCode): boolean => (code & 2) !== 0

/** Whether the person may be asked again under the answer of a code. */
export const isAsked = (code: AnswerCode): boolean => (code & 1) !== 0

const isRefusal = (code: AnswerCode): boolean => status(code) === "refused" || status(code) === "withdrawn"

/** By code, 1 or 0: a look-up, because it is needed for every difference. */
const byNeed = Uint8Array.from({ length: 32 }, (_, code) => ((code & 3) === 1 && !isRefusal(code) ? 1 : 0))

/**
 * Whether the person must be asked again under the answer of a code: an answer has ended that was no refusal, and
 * nothing is permitted without a new one. All others that may be asked again need not be: a refusal whose time is over,
 * and a question that was only seen where that permits.
 */
export const isAskedByNeed = (code: AnswerCode): boolean => byNeed[code] === 1

/**
 * A reason as a number: the code of the candidate's answer, the index of its deciding event's state in
 * `ConsentState.all`, and the version by which that event was invalidated, or 0.
 */
export type Key = number

/** Combines the parts of a key into one number. */
export const key = (code: AnswerCode, state: number, version: number): Key => (version * 4 + state) * 32 + code

const nouns: { readonly [State in ConsentState.ConsentState]: string } = {
  accepted: "an accepted answer",
  declined: "a refusal",
  implied: "an implied answer",
  viewed: "a view",
}

/** The phrase for a key: lower case, no full stop. */
export const describe = (key: Key): string => {
  const code = key % 32
  const rest = Math.floor(key / 32)
  const answer = nouns[ConsentState.all[rest % 4]!]
  const version = Math.floor(rest / 4)
  switch (status(code)) {
    case "given":
      return `${answer} counts`
    case "implied":
    case "requested":
      return `${answer} counts and ${isPermitted(code) ? "permits" : "does not permit"}`
    case "refused":
    case "withdrawn": {
      const refusal = status(code) === "refused" ? answer : "a withdrawal"
      const asking = isAsked(code)
        ? " and has lapsed: it may be asked about again"
        : ", and may not be asked about again yet"
      return `${refusal} decides${asking}`
    }
    case "expired":
      return `${answer} has expired`
    case "invalidated":
      return `${answer} is to an older text: version ${version} must be accepted anew`
    case "unknown":
      return "there is no event"
  }
}
