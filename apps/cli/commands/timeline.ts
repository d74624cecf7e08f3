/**
 * `assent timeline`: every change of the answers of one person, with its instant.
 *
 * The whole timeline of the person is held in memory to be sorted.
 */
import { Clock, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import type { EventGroup } from "../../../adapters/files/EventGroups.ts"
import * as Decision from "../../../core/engine/Decision.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import * as Flags from "../Flags.ts"
import * as FileLedger from "../FileLedger.ts"
import * as Output from "../Output.ts"

const person = Flag.String("person").pipe(
  Flag.withMetavar("<concordId>"),
  Flag.withDescription("The concordId of the person"),
)

/** The changes of one answer: every decision except `unknown` before the first event. */
const changes = function* ({ events, terms }: EventGroup) {
  for (const decision of Decision.follow(events, terms, Instant.min)) {
    if (decision.at > Instant.min || decision.status !== "unknown") yield decision
  }
}

const compare = (a: Exchange.DecisionLine, b: Exchange.DecisionLine): number =>
  a.at < b.at ? -1 : a.at > b.at ? 1 : a.consentType < b.consentType ? -1 : a.consentType > b.consentType ? 1 : 0

/** The command. */
export const command = Command.make(
  "timeline",
  { person, ...Flags.ledger },
  Effect.fnUntraced(function* ({ person, ...flags }) {
    const now = yield* Clock.currentTimeMillis
    const knownAt = Flags.knownAt(flags, now)
    const lines: Array<Exchange.DecisionLine> = []
    const question = { flags, knownAt, from: Instant.min, keepsLines: false, concordId: person }
    yield* FileLedger.answerEach(question, (group) => {
      for (const change of changes(group)) lines.push(Exchange.decisionToLine(person, group.type, change))
      return ""
    })
    if (lines.length === 0) yield* Output.warn("--person: no event about this person is known")
    for (const line of lines.sort(compare)) yield* Output.write(`${JSON.stringify(line)}\n`)
  }),
).pipe(
  (command) => Command.validate(command, Flags.validate),
  Command.withExamples([
    {
      command:
        "assent timeline --person 018f3a2b-0000-7000-8000-000000000001 --types types.json --events events.ndjson",
      description: "How one person's answers came about, and when they will lapse",
    },
  ]),
)
