/**
 * The button on every page that opens the preference centre, always at the same place.
 */
import type { ConsentClient } from "../../../adapters/browser/ConsentClient.ts"
import type { Visit } from "../../../core/browser/VisitAnswer.ts"
import { bannerStyle } from "./bannerStyle.ts"
import { button } from "./dom.ts"
import { open } from "./host.ts"

/** Shows the button. In a region with a link against sale and sharing it is called as the link is. */
export const showButton = (client: ConsentClient, visit: Visit): HTMLElement => {
  const { doNotSellLink, settingsButton } = visit.texts.privacyCenter
  const label = visit.region.doNotSell ? doNotSellLink : settingsButton
  const made = button("settings", label, () => client.show("preferences"))
  made.classList.add("quiet")
  const root = open(bannerStyle, visit)
  root.append(made)
  return root
}
