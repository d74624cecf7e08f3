import { open, type OpenLedger } from "../../apps/embed/index.ts" // in your own project: "assent/open"

export const newsletter = { category: "communication", subcategory: "email", label: "newsletter" } as const
let opened: Promise<OpenLedger> | undefined

/** The ledger, opened by the first request, because Next.js loads routes in processes of its own when it builds. */
export const consent = (): Promise<OpenLedger> =>
  (opened ??= open(process.env["LEDGER"] ?? "sqlite:./consent.db", {
    name: "Shop",
    types: [newsletter],
    http: { basePath: "/consent" },
  }).catch((error: unknown) => {
    opened = undefined // The next request tries again.
    throw error
  }))
