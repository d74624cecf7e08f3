import { simulate } from "../../apps/simulate/index.ts" // in your own project: "assent/simulate"

const summary = await simulate({
  events: new URL("ledger/events.ndjson", import.meta.url).pathname,
  types: new URL("ledger/types.json", import.meta.url).pathname,
  candidate: { rules: "pack:cnil@2020-09" },
  from: "2025-01-01",
  until: "2026-01-01",
})
for (const { reason, pairs } of summary.reasons) console.log(`${pairs} × ${reason}`)
