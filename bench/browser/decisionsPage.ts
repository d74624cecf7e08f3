/**
 * The script of the page that measures decisions: the engine of pages over types and events of its own. It leaves a
 * function that answers decisions a second.
 */
import * as LocalEvents from "../../core/browser/LocalEvents.ts"
import * as PageDecisions from "../../core/browser/PageDecisions.ts"
import * as PageTypes from "../../core/browser/PageTypes.ts"
import type { VisitType } from "../../core/browser/VisitAnswer.ts"

const start = Date.UTC(2025, 0, 31)
const day = 86_400_000

const typeOf = (_: unknown, n: number): VisitType => ({
  id: `018d5c00-0000-7000-8000-${String(n).padStart(12, "0")}`,
  category: "privacy_setting",
  subcategory: [`subcategory-${n}`],
  label: "site",
  version: 2,
  required: false,
  validStates: ["accepted", "declined"],
  name: `Type ${n}`,
  description: "What it is for.",
  consentDuration: "P13M",
  versions: [
    {
      version: 1,
      publishedAt: LocalEvents.textOf(start),
      dateCreated: LocalEvents.textOf(start),
      requireReaccept: false,
    },
    {
      version: 2,
      publishedAt: LocalEvents.textOf(start + 200 * day),
      dateCreated: LocalEvents.textOf(start),
      requireReaccept: true,
      grace: "P30D",
    },
  ],
})

const eventsOf = ({ id }: VisitType, count: number) =>
  Array.from({ length: count }, (_, n) => {
    const at = LocalEvents.textOf(start + n * 7 * day)
    return LocalEvents.ofEvent({
      id: `${id}-${n}`,
      concordId: "person",
      consentType: id,
      version: 1 + (n % 2),
      consentState: n % 3 === 0 ? "declined" : "accepted",
      consentAction: "user_click",
      consentDate: at,
      dateCreated: at,
    })
  })

/**
 * Merges the events of each type, and decides about all types again and again. Answers how long the first decisions
 * took, with the merge, and how many decisions a second follow.
 */
const measure = (typeCount: number, eventCount: number) => {
  const visitTypes = Array.from({ length: typeCount }, typeOf)
  const events = visitTypes.flatMap((type) => eventsOf(type, eventCount))
  const ruleSet = PageTypes.ruleSetOf({
    ruleSet: [{ match: { category: "privacy_setting" }, rules: { maxAge: { accepted: "P6M", declined: "P6M" } } }],
  })
  const began = performance.now()
  const known: PageDecisions.PageKnowledge = {
    types: PageTypes.ofVisit({ types: visitTypes }),
    ruleSet,
    settings: { gpc: true, gpcCovers: ["marketing"] },
    heads: LocalEvents.add(new Map(), events),
    gpcSince: undefined,
  }
  let decided = PageDecisions.all(known, start + 300 * day).size
  const firstMillis = performance.now() - began
  decided = 0
  const from = performance.now()
  for (let n = 0; performance.now() - from < 500; n++) {
    decided += PageDecisions.all(known, start + ((n * 7) % 500) * day).size
  }
  return { firstMillis, perSecond: (decided * 1000) / (performance.now() - from) }
}

Object.assign(globalThis, { measure })
