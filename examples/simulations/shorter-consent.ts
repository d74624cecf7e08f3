import { simulate } from "../../apps/simulate/index.ts" // in your own project: "assent/simulate"

const summary = await simulate({
  events: new URL("ledger/events.ndjson", import.meta.url).pathname,
  types: new URL("ledger/types.json", import.meta.url).pathname,
  candidate: { rules: [{ match: { category: "marketing" }, rules: { maxAge: { accepted: "P6M" } } }] },
  from: "2025-01-01",
  until: "2026-01-01",
})
console.log(`${summary.losesPermission.people} of ${summary.population.people} people would have to say yes again`)
