/** Mutants of answers under regions, and of the feed that tells of them. */
import type { Part } from "./Mutant.ts"

const known = "an answer is the one of what was known"
const chosen = "under a region that is chosen"
const again = "asked again with its own"
const onServers = "a person is in the region of the latest session of everyone"

export const regions: Part = {
  folder: ".",
  tests: [
    "test/laws/answersByRegion.test.ts",
    "test/laws/feedRegions.test.ts",
    "test/contract/sessionRegions.test.ts",
    "test/contract/contract.test.ts",
  ],
  mutants: [
    // The first region counts, and not the latest.
    ["core/model/RegionFacts.ts", "history.findLast(({ at }) => at <= knownAt)", "history[0]", known],
    // A region that was recorded later counts as known before.
    [
      "core/ledger/AskedRegion.ts",
      "RegionFacts.stayAt(history, knownAt)",
      "RegionFacts.stayAt(history, Infinity)",
      again,
    ],
    // What is published now counts as known before.
    [
      "core/ledger/AskedRegion.ts",
      "const publication = PublishedRegions.asOf(catalog, project, knownAt)\n  if",
      "const publication = PublishedRegions.current(catalog, project)\n  if",
      known,
    ],
    // Only the region of the person itself counts.
    ["core/model/RegionFacts.ts", " && members.includes(member)", " && member === members.at(-1)", onServers],
    // The rules of a region are left out.
    [
      "core/ledger/Reading.ts",
      "region === undefined ? ruleSet : ruleSet.length === 0 ? region.ruleSet",
      "region === undefined ? ruleSet : ruleSet.length === 0 ? ruleSet",
      chosen,
    ],
    // A session that acts again after a later one is the latest again.
    ["core/ledger/SessionRegion.ts", "last.session > id", "false", onServers],
    // The feed reads the type's own terms.
    [
      "core/feed/TypeTerms.ts",
      "type === undefined || history.length === 0",
      "type === undefined || true",
      "a region that has other rules",
      "a lapse after the time",
    ],
    // No feed tells of another region.
    [
      "adapters/memory/NotedChanges.ts",
      '|| kind === "identified" || kind === "region"',
      '|| kind === "identified"',
      "an append keeps where people are",
      "a person that is in another one",
    ],
    // A publication begins no re-evaluation.
    [
      "core/feed/PublicationNews.ts",
      "each.revision > told ?",
      "each.revision < told ?",
      "a region that has other rules",
    ],
    // No scan looks for what lapses after the periods of regions.
    ["core/feed/FeedPeriods.ts", "of ruleSets.flat()", "of ruleSets.slice(0, 0).flat()", "a lapse after the time"],
  ],
}
