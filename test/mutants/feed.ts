/** Mutants of the change feed that break one of its laws: each is killed by the law that it breaks. */
import type { Part } from "./Mutant.ts"

const order = "F2: the changes of one stored person"
const asOf = "F3: what a change says is answered"
const lastWord = "F3: the last word about each person"
const silence = "F4: no answer changes in silence"
const invented = "F5: nothing is invented"
const once = "Each version, re-evaluation, join"
const following = "F1: whoever follows from any mark"
const altered = "F8: a mark that is altered"
const lost = "F8: a mark whose place a restored ledger lacks"

const takenBack = "Another server publishes a version at the instant"
const unnoticed = "Another server changes rules at the instant"

export const feed: Part = {
  folder: ".",
  tests: ["test/laws/feed.test.ts", "test/laws/feedExamples.test.ts", "test/laws/feedReading.test.ts"],
  mutants: [
    // F1: the place after an event is after the next one.
    ["core/feed/FeedReader.ts", "position: item.position + 1", "position: item.position + 2", following],
    // F2: the lane does not note how far it has come, so that an event can be recorded before an earlier change.
    [
      "adapters/memory/FeedStore.ts",
      "if (step.changes.length > 0) events.raise(lanes, recordedAt + 1)",
      "if (false) events.raise(lanes, recordedAt + 1)",
      order,
    ],
    // F3: condition 3.
    ["core/feed/Lapsing.ts", "|| !areBefore(heads, at) || at > knownAt", "|| at > knownAt", asOf],
    // F4: a scan that ignores the duration of a type.
    ["core/feed/FeedPeriods.ts", "    add(consentDuration)\n", "", silence, lastWord],
    // F5: condition 4.
    ["core/feed/Lapsing.ts", "turned.event.id !== event.id) return undefined", "false) return undefined", invented],
    // F6: a step that was prepared with another place is written.
    [
      "adapters/memory/FeedStore.ts",
      "step.places.some(({ before, lane, name }) => places.get(first + lane, name) !== before) ||",
      "",
      invented,
      once,
    ],
    [
      "core/feed/IdentityNews.ts",
      'if (kind === "identified" || member === survivor) {',
      'if (kind === "identified") {',
      asOf,
    ],
    // F3: what another server announced, before it knew of new terms, stays; of several such terms one is not noticed.
    ["core/feed/FeedTimes.ts", "number > 0 && lastRecordedAt > since", "number < 0", takenBack, unnoticed],
    ["core/feed/TakenBack.ts", "let next = from; next < to;", "let next = to; next < to;", takenBack, unnoticed],
    ["core/feed/TypeNews.ts", "before.terms !== termsOf(type)", "false", unnoticed],
    // F4: lapses under terms that are not known any more.
    [
      "core/feed/Reevaluated.ts",
      "const known = [at, ...terms.resets.filter((reset) => reset > first)].map(terms.before)",
      "const known = [first, at].slice(1).map(terms.before)",
      "An answer lapses right before a change of rules",
    ],
    [
      "core/feed/Reevaluated.ts",
      "[at, ...terms.resets.filter((reset) => reset > at)].map(terms.before)",
      "[terms.before(at)]",
      "Rules by which a refusal had lapsed long ago",
    ],
    // F8: a signature of nothing but the project.
    [
      "core/feed/ChangeCursor.ts",
      'hasher.sign("mark", JSON.stringify([project.id, Base64Url.encode(bytes)]))',
      'hasher.sign("mark", JSON.stringify([project.id]))',
      altered,
    ],
    [
      "core/feed/FeedReader.ts",
      "place.incarnation !== end.incarnation || isBefore(end, place)",
      "place.incarnation !== end.incarnation",
      lost,
    ],
  ],
}
