/**
 * `assent decisions`: the decisions about every person and consent type, as decisions.ndjson (semantics, section 7).
 */
import { Clock, Effect, Option } from "effect"
import { Command } from "effect/cli"
import * as Decision from "../../../core/engine/Decision.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Flags from "../Flags.ts"
import * as FileLedger from "../FileLedger.ts"

/** The command. */
export const command = Command.make(
  "decisions",
  { ...Flags.ledger, at: Flags.at },
  Effect.fnUntraced(function* ({ at, ...flags }) {
    const now = yield* Clock.currentTimeMillis
    const from = Option.getOrElse(at, () => now)
    const knownAt = Flags.knownAt(flags, now)
    yield* FileLedger.answerEach({ flags, knownAt, from, keepsLines: false }, ({ concordId, type, terms, events }) => {
      const decision = Decision.decide(events, terms, from)
      return `${Exchange.decisionToText(concordId, type, decision)}\n`
    })
  }),
).pipe(
  (command) => Command.validate(command, Flags.validate),
  Command.withExamples([
    {
      command: "assent decisions --types types.json --events events.ndjson --at 2024-06-01T00:00:00Z",
      description: "The answers on 1 June 2024",
    },
  ]),
)
