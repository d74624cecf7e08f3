import { simulate } from "../../apps/simulate/index.ts" // in your own project: "assent/simulate"

const first = { version: 1, publishedAt: "2024-01-01T00:00:00Z" } as const
const second = { version: 2, publishedAt: "2099-03-01T00:00:00Z", requireReaccept: true, grace: "P30D" } as const
const summary = await simulate({
  events: new URL("ledger/events.ndjson", import.meta.url).pathname,
  types: new URL("ledger/types.json", import.meta.url).pathname,
  candidate: { types: [{ id: "newsletter", category: "marketing", versions: [first, second] }] },
  from: "2099-01-01",
  until: "2100-01-01",
})
for (const { at, mustAskAfter } of summary.days.filter(({ mustAskAfter }) => mustAskAfter > 0)) {
  console.log(`${new Date(at).toISOString().slice(0, 10)}: ${mustAskAfter} must be asked again`)
}
