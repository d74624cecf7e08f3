/** Mutants of the engine: order, heads, lapse, outcome, terms and the comparison of two timelines. */
import type { Part } from "./Mutant.ts"

const least = "is permitted only if each person's is, refused if one of them is"
const anyOrder = "Any permutation and any duplication"
const permitted = "`permitted` implies a live `accepted` event"
const decline = "Adding a decline never makes anything more permitted"
const oracle = "give the same answers, explanations and changes"
const batches = "Incremental = batch"
const oracleRules = "lay the same rules over each other"
const constant = "The answer is constant on [`at`, `nextChangeAt`)"
const stricter = "Shorter `maxAge`, an earlier `expirationDate`"
const time = "Time alone never grants"
const asOf = "Reading as of (`at`, `knownAt`)"
const calendar = "is the one that Temporal finds"
const windows = "hold exactly the instants whose sum is in the range"
const oracleVersion = "take a version that was left out"
const history = "The catalog as known at an instant is the catalog as it was then"
const whatIf = "A what-if with the rules in force is empty"
const stretches = "The stretches of a what-if cover its window"

export const engine: Part = {
  folder: "core/engine",
  tests: [
    "test/laws/leastDecision.test.ts",
    "test/core/period.test.ts",
    "test/core/rulesCheck.test.ts",
    "test/faults/interleavings.test.ts",
    "test/laws/batches.test.ts",
    "test/laws/catalogHistory.test.ts",
    "test/laws/joins.test.ts",
    "test/laws/knowledge.test.ts",
    "test/laws/oracle.test.ts",
    "test/laws/order.test.ts",
    "test/laws/permission.test.ts",
    "test/laws/timeline.test.ts",
    "test/laws/whatIf.test.ts",
  ],
  mutants: [
    ["LeastDecision.ts", "Number(a.permitted) - Number(b.permitted) ||", "", least],
    ["LeastDecision.ts", "rank[a.status] - rank[b.status] ||", "", least],
    ["LeastDecision.ts", "compare(outcomes[next]!, outcomes[person]!) < 0", "true", least],
    ["LeastDecision.ts", "if (event.consentDate !== pending) followUntil", "followUntil", least],
    ["LeastDecision.ts", "turns.length === 0 ? undefined : Math.min(...turns)", "turns[0]", least],
    ["ConsentType.ts", "knownAt < knownUntil)", "knownAt <= knownUntil)", history],
    [
      "ConsentType.ts",
      "states.find(({ versions }) => versions !== undefined)?.versions ?? versions",
      "versions",
      history,
    ],
    ["Terms.ts", "Rules.inForce(known.rules, known, ruleSet)", "Rules.inForce(type.rules, known, ruleSet)", history],
    ["Order.ts", "return a.id > b.id", "return false", anyOrder],
    [
      "Order.ts",
      "if (a.consentDate !== b.consentDate) return a.consentDate > b.consentDate",
      "",
      permitted,
      decline,
      oracle,
    ],
    ["Order.ts", "return a.consentDate > b.consentDate", "return a.consentDate < b.consentDate", permitted, decline],
    ["Order.ts", "if (a.dateCreated !== b.dateCreated) return a.dateCreated > b.dateCreated", "", oracle],

    ["Heads.ts", "Order.isLater(b, a) ? b : a", "true ? b : a", batches],
    ["Heads.ts", "viewed: later(a.viewed, b.viewed)", "viewed: a.viewed", batches],
    ["Heads.ts", "head !== undefined && !Order.isLater(event, head)", "false", batches],
    [
      "Heads.ts",
      "head === undefined || Order.isLater(event, head)",
      "head === undefined || event.consentDate >= head.consentDate",
      anyOrder,
      batches,
    ],
    [
      "Heads.ts",
      "types.set(event.consentType, { ...empty, [event.consentState]: event })",
      "types.set(event.consentType, { ...empty })",
      batches,
      oracleRules,
    ],
    [
      "Heads.ts",
      "head === undefined || Order.isLater(event, head)) heads",
      "head === undefined) heads",
      "Whatever is interleaved, lost and killed",
    ],

    ["Lapse.ts", "lapse.at <= at", "lapse.at < at", permitted, constant],
    ["Lapse.ts", "aged < recorded", "aged > recorded", permitted, stricter],
    ["Lapse.ts", "reacceptance.at < expires", "reacceptance.at <= expires", oracle],
    ["Lapse.ts", "version > event.version", "version >= event.version", oracle],
    ["Lapse.ts", "reacceptances.find(", "reacceptances.findLast(", permitted, stricter],
    ["Lapse.ts", 'event.consentState === "declined"', 'event.consentState === "viewed"', permitted],
    [
      "Lapse.ts",
      "(consentDuration === null ? undefined : Period.add(event.consentDate, consentDuration))",
      "(consentDuration === null ? undefined : undefined)",
      permitted,
    ],

    [
      "Outcome.ts",
      "declined.consentDate >= accepted.consentDate",
      "declined.consentDate > accepted.consentDate",
      permitted,
    ],
    [
      "Outcome.ts",
      "choice === undefined || event.consentDate > choice.consentDate",
      "choice === undefined || event.consentDate >= choice.consentDate",
      oracle,
    ],
    ["Outcome.ts", "choice === undefined || event.consentDate > choice.consentDate", "true", permitted],
    [
      "Outcome.ts",
      'if (choice?.consentState === "declined") return',
      'if (choice?.consentState === "declined" && isLive(choice)) return',
      time,
      stricter,
    ],
    ["Outcome.ts", "isAfterChoice(implied) && isLive(implied)", "isAfterChoice(implied)", oracle],
    [
      "Outcome.ts",
      "permitted: false, askAgain: expiresAt",
      'permitted: terms.permits === "viewed", askAgain: expiresAt',
      permitted,
      decline,
    ],
    [
      "Outcome.ts",
      "askAgain: expiresAt !== undefined && expiresAt <= at",
      "askAgain: expiresAt !== undefined && expiresAt < at",
      constant,
    ],
    ["Outcome.ts", 'implied: ["given", "implied"]', 'implied: ["given", "implied", "requested"]', permitted],
    ["Outcome.ts", "head.consentDate > deciding.consentDate", "head.consentDate >= deciding.consentDate", permitted],
    [
      "Outcome.ts",
      "if (head !== undefined && (deciding",
      "if (head !== undefined && Lapse.at(head, terms, at) === undefined && (deciding",
      time,
      stricter,
    ],
    ["Outcome.ts", "a.status === b.status && ", "", constant],
    ["Outcome.ts", "a.askAgain === b.askAgain && ", "", constant],
    ["Outcome.ts", " && a.event?.id === b.event?.id", "", constant],

    ["Timeline.ts", "if (event.dateCreated > terms.knownAt) continue", "", asOf],
    ["Timeline.ts", "if (event.consentDate <= at) seen", "if (event.consentDate < at) seen", permitted, constant],
    ["Timeline.ts", "if (event.consentDate <= at) seen", "if (true) seen", asOf],
    ["Timeline.ts", "later.sort(Order.compare)", "later", anyOrder, constant],
    ["Timeline.ts", "Heads.add(heads, event)", "Heads.add(moment.heads, event)", constant],
    ["Timeline.ts", "lapse < first", "lapse > first", constant],
    ["Timeline.ts", "[heads.declined, heads", "[heads", constant],

    ["Decision.ts", "yield of(moment, terms, next?.at)", "yield of(moment, terms, moment.at)", constant],

    ["Terms.ts", "version.dateCreated <= knownAt", "true", asOf],
    ["Terms.ts", "a.at - b.at || ", "", permitted, stricter],
    ["Terms.ts", "|| a.version - b.version", "|| b.version - a.version", oracle],
    ["Terms.ts", "grace ?? Period.zero", "Period.zero", oracle],
    ["Terms.ts", 'rules.permits ?? "implied"', '"viewed"', permitted],
    ["Terms.ts", 'rules.recordedExpiration ?? "honor"', '"ignore"', permitted],

    ["Period.ts", "Math.min(from.day, ", "Math.max(from.day, ", calendar, oracle],
    ["Period.ts", "dayOfMonth) + period.days", "dayOfMonth)", calendar],
    [
      "Period.ts",
      "Instant.clamp(shifted * 86_400_000 + time + period.millis)",
      "shifted * 86_400_000 + time + period.millis",
      calendar,
    ],
    ["Period.ts", "Instant.daysInMonth(year, month) + 1)", "Instant.daysInMonth(year, month))", windows],
    ["Period.ts", "each < dayBefore(day + 1)", "each < dayBefore(day) + 1", windows],
    ["Period.ts", "dayBefore(start.days + 1) * millisPerDay", "dayBefore(start.days) * millisPerDay", windows],
    ["Period.ts", "put(each * millisPerDay + first,", "put(each * millisPerDay,", windows],
    ["Period.ts", "if (end.millis > 0) putTimes", "if (end.millis > 1) putTimes", windows],

    ["Because.ts", "event.consentDate <= choice.consentDate", "event.consentDate < choice.consentDate", oracle],

    ["Rules.ts", "{ ...base.maxAge, ...over.maxAge }", "{ ...(over.maxAge ?? base.maxAge) }", oracleRules],
    ["Rules.ts", "ruleSet.reduce(", "ruleSet.reduceRight(", oracleRules],
    ["Rules.ts", "match.label === type.label", "true", oracleRules],

    ["ConsentType.ts", "version.version > last.version", "version.version < last.version", oracleVersion],
    ["ConsentType.ts", "version.publishedAt > consentDate", "version.publishedAt >= consentDate", oracleVersion],

    ["Comparison.ts", "baseline.status !== candidate.status ||\n  ", "", whatIf],
    ["Comparison.ts", "baseline.permitted !== candidate.permitted ||\n  ", "", whatIf],
    ["Comparison.ts", " ||\n  baseline.askAgain !== candidate.askAgain", "", whatIf],
    ["Comparison.ts", "if (!isDifferent(stretch.before.outcome, stretch.after.outcome)) continue", "", whatIf],
    [
      "Comparison.ts",
      "Timeline.start(candidate.events, candidate.terms, from)",
      "Timeline.start(candidate.events, baseline.terms, from)",
      whatIf,
      stretches,
    ],
    [
      "Comparison.ts",
      "after: explained(stretch.after, candidate, from)",
      "after: explained(stretch.before, baseline, from)",
      whatIf,
    ],
    ["Comparison.ts", "if (event.consentDate > at) break", "break", whatIf],
    [
      "Comparison.ts",
      "Math.min(nextBaseline?.at ?? until, nextCandidate?.at ?? until, until)",
      "Math.min(nextBaseline?.at ?? until, nextCandidate?.at ?? until)",
      whatIf,
      stretches,
    ],
    ["Comparison.ts", "if (nextCandidate?.at === at) {", "if (nextCandidate !== undefined) {", whatIf, stretches],
    ["Comparison.ts", "if (from >= until) return", "", whatIf, stretches],

    ["Terms.ts", "RulesCheck.ofType(type)", "", "refuses what is no rule"],
    ["Terms.ts", "if (rules !== undefined) RulesCheck.ofRules(rules)", "", "refuses rules that are laid over"],
    ["Rules.ts", "RulesCheck.ofRuleSet(ruleSet)", "", "a rule set refuses a member"],
    [
      "RulesCheck.ts",
      "if (checked.has(value)) return\n  check(value)\n  checked.add(value)",
      "if (checked.has(value)) return\n  checked.add(value)\n  check(value)",
      "refuses rules that are laid over",
    ],
  ],
}
