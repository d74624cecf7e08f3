/**
 * The links of regions in which a visitor may opt out of sale and sharing, and of uses of sensitive data: one click
 * declines, and the answer takes the place of the link.
 */
import type { ConsentClient } from "../../../adapters/browser/ConsentClient.ts"
import type { Evidence, Visit, VisitType } from "../../../core/browser/VisitAnswer.ts"
import { choose, isCovered, optional } from "./choices.ts"
import { button, element } from "./dom.ts"

/** The links that the region has and that have something to decline. */
export const links = (client: ConsentClient, visit: Visit, evidence: () => Evidence): ReadonlyArray<HTMLElement> => {
  const { region, texts } = visit
  const link = (has: boolean, label: string, isMeant: (type: VisitType) => boolean): ReadonlyArray<HTMLElement> => {
    const meant = optional(client).filter(({ type }) => isMeant(type))
    if (!has || meant.length === 0) return []
    const said = element("p", "badge", label)
    said.tabIndex = -1
    if (meant.every(({ decision }) => decision.event?.consentState === "declined")) return [said]
    const made = button("link", label, () => {
      made.replaceWith(said)
      said.focus()
      void client.record(choose(meant, "declined"), evidence())
    })
    return [made]
  }
  return [
    ...link(region.doNotSell, texts.privacyCenter.doNotSellLink, (type) => isCovered(visit, type)),
    ...link(region.limitPii, texts.privacyCenter.limitUseLink, ({ subcategory: [name] }) => name === "limit_pii_use"),
  ]
}
