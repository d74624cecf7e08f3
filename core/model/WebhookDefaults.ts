/**
 * What a new webhook may leave out. It stands apart from the use cases, because the typed client needs it, too.
 */
import type { Webhook } from "./Catalog.ts"

/** The members, with what each is then. */
export const defaults = {
  name: "",
  types: [],
  consentTypes: [],
  reevaluations: "all",
  include: [],
  concurrency: 4,
  status: "active",
} as const satisfies Partial<Webhook>
