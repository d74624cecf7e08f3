/**
 * `assent state`: for every answer that has not lapsed, the deciding event, as its line of events.ndjson.
 */
import { Clock, Effect, Option } from "effect"
import { Command } from "effect/cli"
import * as Decision from "../../../core/engine/Decision.ts"
import type { Status } from "../../../core/engine/Outcome.ts"
import * as Flags from "../Flags.ts"
import * as FileLedger from "../FileLedger.ts"

const shown: ReadonlySet<Status> = new Set(["given", "implied", "requested", "refused", "withdrawn"])

/** The command. */
export const command = Command.make(
  "state",
  { ...Flags.ledger, at: Flags.at },
  Effect.fnUntraced(function* ({ at, ...flags }) {
    const now = yield* Clock.currentTimeMillis
    const from = Option.getOrElse(at, () => now)
    const knownAt = Flags.knownAt(flags, now)
    yield* FileLedger.answerEach({ flags, knownAt, from, keepsLines: true }, ({ terms, events }) => {
      const decision = Decision.decide(events, terms, from)
      if (!shown.has(decision.status)) return ""
      const deciding = events.find((event) => event === decision.event)
      return deciding?.line == null ? "" : `${deciding.line}\n`
    })
  }),
).pipe(
  (command) => Command.validate(command, Flags.validate),
  Command.withExamples([
    {
      command: "assent state --types types.json --events events.ndjson",
      description: "The events that count now",
    },
  ]),
)
