/** Mutants of what the change feed tells without an event: due scans and re-evaluations. */
import type { Part } from "./Mutant.ts"

const between = "tells once of what is recorded while it reads"
const behind = "finds what another server recorded behind its place"
const busy = "tells of all others while one person does something all the time"
const erased = "tells of an archived type"
const evaluated = "tells of each answer that new rules changed"
const recorded = "not where a head was recorded at it or later"
const turned = "not where the outcome has turned again since"
const first = "of the first of declined, accepted, implied and viewed"
const later = "not where only later rules make it a lapse of the past"
const ahead = "until it has lapsed, of what was recorded before the lead time began"
const rules = "not where it changes no answer"
const same = "not where the answer is the same as before"
const source = "The source of a lapse is the expirationDate"

export const due: Part = {
  folder: "core/feed",
  tests: ["test/core/dueScan.test.ts", "test/core/lapsing.test.ts", "test/core/scheduler.test.ts"],
  mutants: [
    ["Lapsing.ts", "head.consentDate < at && head.dateCreated < at", "head.consentDate < at", recorded],
    ["Lapsing.ts", "if (until !== undefined && until <= knownAt) return undefined", "", turned],
    ["Lapsing.ts", "turned === undefined || turned.event.id !== event.id", "turned === undefined", first],
    ["Lapsing.ts", "if (then === undefined || (", "if ((", later],
    ["Lapsing.ts", "Outcome.isSame(from, to) ? undefined : { from, to }", "({ from, to })", same],
    ["Lapsing.ts", "event.dateCreated >= dueAt || at <= knownAt", "at <= knownAt", ahead],
    ["Lapsing.ts", "event.dateCreated >= dueAt || at <= knownAt", "event.dateCreated >= dueAt", ahead],
    ["Lapsing.ts", "before !== terms.now && turn(heads, before, at) === undefined", "false", rules],
    [
      "Lapsing.ts",
      "return { at, period: (isByAge ? age : terms.consentDuration)! }",
      "return { at, period: age! }",
      source,
    ],

    ["DueLook.ts", "dateCreated < state.now", "false", behind],
    ["DueLook.ts", ".filter((each) => each.position < position)", "", between],
    ["DueLook.ts", "state.range !== undefined || end.position <= state.position", "true", behind],
    ["DueScan.ts", "left: [...left, position]", "left", busy],
    ["DecisionStep.ts", "heads === undefined || group.isErased", "heads === undefined", erased],
    ["Attempts.ts", "Math.max(1, Math.floor(limit / part))", "limit", busy],

    ["Reevaluation.ts", "changed: changed + told", "changed", evaluated],
  ],
}
