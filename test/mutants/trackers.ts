/** Mutants of trackers: of the rules of pages, and of what pages report. */
import type { Part } from "./Mutant.ts"

export const trackers: Part = {
  folder: ".",
  tests: ["test/laws/trackers.test.ts"],
  mutants: [
    // The end of a pattern is not looked for.
    [
      "core/browser/TrackerRules.ts",
      "text.length - last.length >= from && text.endsWith(last)",
      "text.length - last.length >= from",
      "matches what a regular expression matches",
    ],
    // What a pattern states may overlap.
    [
      "core/browser/TrackerRules.ts",
      "text.length - last.length >= from && text.endsWith(last)",
      "text.endsWith(last)",
      "matches what a regular expression matches",
    ],
    // The least strict category decides.
    [
      "core/browser/TrackerRules.ts",
      "Math.max(...closest.map(strictness))",
      "Math.min(...closest.map(strictness))",
      "the most specific decides",
    ],
    // The shortest pattern decides.
    [
      "core/browser/TrackerRules.ts",
      "Math.max(...found.map(specificity))",
      "Math.min(...found.map(specificity))",
      "the most specific decides",
    ],
    // One of several consent types is enough.
    [
      "core/browser/TrackerRules.ts",
      "consentTypes.every(permits)",
      "consentTypes.some(permits)",
      "a category needs all types",
    ],
    // What needs no type of the project is permitted.
    ["core/browser/TrackerRules.ts", "consentTypes.length > 0 && ", "", "a category needs all types"],
    // A page removes what is permitted as well.
    [
      "core/browser/TrackerRules.ts",
      "needs !== undefined && !isPermitted(needs, permits)",
      "needs !== undefined",
      "removes only what a tracker",
    ],
    // Digits stay.
    ["core/browser/TrackerNames.ts", '.replaceAll(/\\d+/g, "*")', "", "has no digit"],
  ],
}
