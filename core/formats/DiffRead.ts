/**
 * Reads lines of diff.ndjson (`DiffLine`): which answers a candidate changes, and when.
 */
import { Schema } from "effect"
import * as Outcome from "../engine/Outcome.ts"
import * as Exchange from "./Exchange.ts"

const Answer = Schema.Struct({
  status: Schema.Literals(Outcome.statuses),
  permitted: Schema.Boolean,
  askAgain: Schema.Boolean,
})

const Line = Schema.Struct({
  concordId: Schema.String,
  consentType: Schema.String,
  from: Exchange.Instant,
  until: Exchange.Instant,
  before: Answer,
  after: Answer,
})

/** What is read of a line. The interval contains `from` but not `until`. */
export type DiffRead = typeof Line.Type

/** Reads a line; other members are ignored. */
export const decode = Exchange.decoder(Line)

/** The ways in which a person can be concerned by a candidate, as `--fail-on` names them. */
export const concerns = [
  "must-be-asked-again",
  "may-be-asked-again",
  "lost-permission",
  "gained-permission",
  "changed",
] as const

/** One of {@link concerns}. */
export type Concern = (typeof concerns)[number]

/** Whether an answer is a no, also one whose time is over. */
export const isRefusal = ({ status }: Pick<DiffRead["after"], "status">): boolean =>
  status === "refused" || status === "withdrawn"

/** Whether asking is needed: an answer has ended that was no refusal, and nothing is permitted without a new one. */
const isNeeded = (after: DiffRead["after"]): boolean => !after.permitted && !isRefusal(after)

const isAsked = ({ after, before }: DiffRead): boolean => after.askAgain && !before.askAgain

/** Whether a line is counted under a concern; the definitions are those of the summary (`Totals`). */
export const has: { readonly [C in Concern]: (line: DiffRead) => boolean } = {
  "must-be-asked-again": (line) => isAsked(line) && isNeeded(line.after),
  "may-be-asked-again": (line) => isAsked(line) && !isNeeded(line.after),
  "lost-permission": ({ after, before }) => before.permitted && !after.permitted,
  "gained-permission": ({ after, before }) => !before.permitted && after.permitted,
  changed: () => true,
}
