/**
 * The flag `--fail-on lost-permission=0.5%`: how much may change before the command fails.
 */
import { Effect } from "effect"
import { CliError, Flag } from "effect/cli"
import type { Summary } from "../../core/simulation/Summary.ts"

/** The maximal number or share of people that may be affected by a change. */
export interface Limit {
  readonly what: What
  readonly most: number
  /** Whether `most` is a share of the people of the ledger, in percent. */
  readonly isShare: boolean
}

type What = "lost-permission" | "gained-permission" | "must-be-asked-again" | "may-be-asked-again" | "changed"

const counts: { readonly [W in What]: (summary: Summary) => number } = {
  "lost-permission": ({ losesPermission }) => losesPermission.people,
  "gained-permission": ({ gainsPermission }) => gainsPermission.people,
  "must-be-asked-again": ({ mustBeAskedAgain }) => mustBeAskedAgain.people,
  "may-be-asked-again": ({ mayBeAskedAgain }) => mayBeAskedAgain.people,
  changed: ({ changed }) => changed.people,
}

const isWhat = (text: string): text is What => Object.hasOwn(counts, text)

/** Parses `WHAT=COUNT` or `WHAT=SHARE%`. */
export const parse = (text: string): Limit | undefined => {
  const match = /^([a-z-]+)=(\d{1,12}(?:\.\d{1,9})?)(%?)$/.exec(text)
  const [, what = "", most = "", percent = ""] = match ?? []
  if (!isWhat(what) || (percent === "%" && Number(most) > 100)) return undefined
  return { what, most: Number(most), isShare: percent === "%" }
}

const names = Object.keys(counts).join(", ")

/** Why a text is not a limit. An earlier name counted refusals among those that must be asked. */
const refusal = (text: string): string =>
  text.startsWith("asked-again=")
    ? "--fail-on: asked-again is two limits: must-be-asked-again, where nothing is permitted without a new answer, and may-be-asked-again, where a no has lapsed"
    : `--fail-on: expected ${names} with a limit, such as lost-permission=0.5%`

/** The flag; `code` is the exit code when the limit is exceeded. */
export const flag = (code: number) =>
  Flag.String("fail-on").pipe(
    Flag.withMetavar("<what=limit>"),
    Flag.withDescription(
      `Exit with ${code} when more people than this are concerned: ${names}; a count, or a share of all people such as lost-permission=0.5%`,
    ),
    Flag.mapEffect((text) => {
      const limit = parse(text)
      return limit === undefined
        ? Effect.fail(new CliError.ValidationError({ message: refusal(text) }))
        : Effect.succeed(limit)
    }),
    Flag.optional,
  )

/** A message if more people than the limit are affected; otherwise `undefined`. Exactly the limit is allowed. */
export const exceeded = ({ what, most, isShare }: Limit, summary: Summary): string | undefined => {
  const people = counts[what](summary)
  const all = summary.population.people
  // Products are compared, because a quotient would be rounded.
  const isExceeded = isShare ? people * 100 > most * all : people > most
  if (!isExceeded) return undefined
  return `${what}: ${people} of ${all} people, more than ${most}${isShare ? " %" : ""}`
}
