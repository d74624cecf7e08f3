/** Mutants of counting for metrics. */
import type { Part } from "./Mutant.ts"

const law = "law 12: counted step by step, with servers that are killed, is counted afresh"

export const metrics: Part = {
  folder: "core",
  tests: ["test/laws/metrics.test.ts"],
  mutants: [
    ["counting/Counting.ts", "const to = Math.min(behind.end, position + most)", "const to = behind.end", law],
    [
      "counting/Counting.ts",
      "consumers.push({ lane, name, before: position, position: to })",
      "consumers.push({ lane, name, before: position, position: end })",
      law,
    ],
    [
      "counting/Counting.ts",
      "ComplianceCounts.ofRequest(all, from, to, onTime)",
      "ComplianceCounts.ofRequest(all, 0, to, onTime)",
      law,
    ],
    [
      "counting/Counting.ts",
      "[added[0]!.ordinal, added.at(-1)!.ordinal + 1]",
      "[added[0]!.ordinal, added.at(-1)!.ordinal]",
      law,
    ],
    ["metrics/ComplianceCounts.ts", "else changes.push({ ...answerOf(before, onTime), count: -1 })", "", law],
    ["metrics/ComplianceCounts.ts", "if (left !== undefined) changes.push", "if (false) changes.push", law],
    [
      "metrics/MetricsAggregator.ts",
      "key: keyOf(domain, consentState), count",
      "key: keyOf(domain, consentState), count: 1",
      law,
    ],
    ["metrics/MetricCount.ts", "count: before.count + change.count }", "count: change.count }", law],
    ["../adapters/memory/MetricsStore.ts", '!== before)) return "stale"', '< before)) return "stale"', law],
  ],
}
