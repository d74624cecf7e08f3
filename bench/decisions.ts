/**
 * Measures decisions for a person with 8 consent types and 20 events.
 */
import type { ConsentEvent } from "../core/engine/ConsentEvent.ts"
import * as ConsentState from "../core/engine/ConsentState.ts"
import type { ConsentType } from "../core/engine/ConsentType.ts"
import * as Decision from "../core/engine/Decision.ts"
import * as Period from "../core/engine/Period.ts"
import * as Terms from "../core/engine/Terms.ts"
import * as Measure from "./measure.ts"

const start = Date.UTC(2024, 0, 31)
const day = 86_400_000

const types: ReadonlyArray<ConsentType> = Array.from({ length: 8 }, (_, n) => ({
  id: `type-${n}`,
  rules: { maxAge: { accepted: Period.months(13), declined: Period.months(6) } },
  versions: [
    { version: 1, publishedAt: start, dateCreated: start, requireReaccept: false },
    { version: 2, publishedAt: start + 200 * day, dateCreated: start, requireReaccept: true, grace: Period.days(30) },
  ],
}))

const events: ReadonlyArray<ConsentEvent> = Array.from({ length: 20 }, (_, n) => ({
  id: `event-${String(n).padStart(2, "0")}`,
  concordId: "person",
  consentType: types[n % types.length]!.id,
  version: 1 + (n % 2),
  consentState: ConsentState.all[(n * 7) % 4]!,
  consentAction: "user_click",
  consentDate: start + n * 20 * day,
  dateCreated: start + n * 20 * day,
}))

const byType = Map.groupBy(events, ({ consentType }) => consentType)
const rounds = 20_000

/** Decides about all 8 types. Returns the number of decisions. */
const decideAll = (at: number): number => {
  let decided = 0
  for (const type of types) {
    const decision = Decision.decide(byType.get(type.id) ?? [], Terms.make(type, type.rules, at), at)
    if (decision.status.length > 0) decided++
  }
  return decided
}

/** Runs and prints the rate. */
export const run = async (): Promise<void> => {
  const repeat = () => {
    let decided = 0
    for (let round = 0; round < rounds; round++) decided += decideAll(start + (round % 500) * day)
    return decided
  }
  const rates = await Measure.compare({ "decisions, explained, with nextChangeAt": repeat }, 5)
  Measure.print("decisions for a person with 8 types and 20 events, one core", rates, {})
}
