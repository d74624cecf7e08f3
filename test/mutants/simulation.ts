/** Mutants of the simulation: the fold over columns, its totals, and its input. */
import type { Part } from "./Mutant.ts"

const columns = "A fold over columns writes the lines and the totals"
const unknownPeople = "People of whom nothing is known"
const addedUp = "Folds of disjoint people, added up"
const rows = "Rows put in order are the columns"
const examples = "Examples of one reason differ"
const steps = "The steps of a window begin where the calendar says"

export const simulation: Part = {
  folder: "core/simulation",
  tests: ["test/laws/sweep.test.ts"],
  mutants: [
    ["Sweep.ts", "consentDates[next]! <= at; next++", "consentDates[next]! < at; next++", columns],
    ["Sweep.ts", "dates[0]! >= choice", "dates[0]! > choice", columns],
    ["Sweep.ts", "if (lapses[1]! > at) return 1", "if (lapses[1]! >= at) return 1", columns],
    ["Sweep.ts", "dates[2]! > choice", "dates[2]! >= choice", columns],
    ["Sweep.ts", "Math.min(expires, age.to(date))", "Math.max(expires, age.to(date))", columns],
    [
      "Sweep.ts",
      "if (reacceptance.version <= version) continue",
      "if (reacceptance.version < version) continue",
      columns,
    ],
    ["Sweep.ts", "reacceptance.at < expires", "reacceptance.at <= expires", columns],
    ["Sweep.ts", "(this.expires[0]! <= at ? 1 : 0)", "(this.expires[0]! < at ? 1 : 0)", columns],
    ["Sweep.ts", "lapses[3]! > at && lapses[3]! < first", "false", columns],
    ["Sweep.ts", "dates[1]! > none ? withdrawn", "dates[1]! > dates[0]! ? withdrawn", columns],
    ["Sweep.ts", "baselineCode !== lastBaseline ||\n        ", "", columns],

    ["Totals.ts", "Reason.isPermitted(baseline) ? loses : gains", "loses", columns],
    [
      "Totals.ts",
      "if (Reason.isAsked(candidate) && !Reason.isAsked(baseline)) {\n      this.pairFlags",
      "if (Reason.isAsked(candidate)) {\n      this.pairFlags",
      columns,
    ],
    ["Totals.ts", "Reason.isAskedByNeed(candidate) ? mustBeAsked : mayBeAsked", "mustBeAsked", columns],
    ["Totals.ts", "Reason.isAskedByNeed(code) ? must : may", "must", columns],
    ["Reason.ts", "(code & 3) === 1 && !isRefusal(code) ? 1", "(code & 3) === 1 ? 1", columns],
    ["Reason.ts", "(code & 3) === 1 && !isRefusal(code) ? 1", "!isRefusal(code) ? 1", columns],
    [
      "Totals.ts",
      "if (Reason.isAsked(candidate) && !Reason.isAsked(baseline))\n        this.countAsked",
      "if (Reason.isAsked(candidate))\n        this.countAsked",
      columns,
    ],
    ["Totals.ts", "Reason.isAsked(newCode) && !Reason.isAsked(oldCode)", "Reason.isAsked(newCode)", columns],
    ["Totals.ts", "const step = Steps.before(this.steps, at)", "const step = Steps.holding(this.steps, at)", columns],
    ["Totals.ts", "if (this.lastPairs[transition] !== this.pair) {", "{", columns],
    ["Totals.ts", "this.personFlags = 0\n  }", "}", columns],
    ["Totals.ts", "addAsked(into.askedCandidate, more.askedCandidate)", "", addedUp],
    ["Totals.ts", "addAll(into.may, more.may)", "", addedUp],
    ["Totals.ts", "addCount(into.mayBeAskedAgain, more.mayBeAskedAgain)", "", addedUp],

    ["Totals.ts", "((from - this.steps.window.from) * this.partsPerMilli) | 0", "0", examples],
    ["Shape.ts", "if (least[place] === shape) return false", "", examples],
    ["Shape.ts", "shape > least[least.length - 1]!", "shape < least[least.length - 1]!", examples],
    ["Totals.ts", "into.changedPairs += more.changedPairs", "", addedUp],

    ["EventColumnBuilder.ts", "if (event.dateCreated > this.knownAt) continue", "", columns],
    ["EventColumnBuilder.ts", " || this.pairs >= batchEvents", "", unknownPeople],
    [
      "EventColumnBuilder.ts",
      "Math.max(this.events, this.pairs) + slotCount",
      "this.events + slotCount",
      unknownPeople,
    ],
    ["EventColumnBuilder.ts", "if (a.dateCreated !== b.dateCreated) return a.dateCreated - b.dateCreated", "", columns],
    ["EventColumnBuilder.ts", "left < right ? -1 : left > right ? 1 : b.state - a.state", "b.state - a.state", columns],

    ["UnsortedEvents.ts", "rows.datesCreated[a]! - rows.datesCreated[b]! ||", "", rows],
    ["UnsortedEvents.ts", "UuidColumn.compare(rows.ids, a, b) ||", "", rows],
    ["UnsortedEvents.ts", "else if (last >= 0 && compare(rows, last, row) === 0) continue", "", rows],
    ["UnsortedEvents.ts", "if (rows.datesCreated[row]! > knownAt) continue", "", rows],

    ["UuidColumn.ts", "if (difference !== 0) return difference", "return difference", rows],

    ["Simulation.ts", "candidate: isSame(current, proposed) ? current : proposed", "candidate: current", columns],

    ["Steps.ts", "Math.ceil((at - window.from) / millis)", "Math.floor((at - window.from) / millis)", steps],
    ["Steps.ts", "starts[middle]! < at", "starts[middle]! <= at", steps],
  ],
}
