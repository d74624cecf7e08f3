/**
 * The button on every page that opens the preference centre, always at the same place.
 */
import type { ConsentClient } from "../../../adapters/browser/ConsentClient.ts"
import type { Visit } from "../../../core/browser/VisitAnswer.ts"
import { button } from "./dom.ts"
import { open } from "./host.ts"

/** Shows the button, once a page. In a region with a link against sale and sharing it is called as the link is. */
export const showButton = (client: ConsentClient, visit: Visit): void => {
  const { doNotSellLink, settingsButton } = visit.texts.privacyCenter
  const made = button("settings quiet", visit.region.doNotSell ? doNotSellLink : settingsButton, () =>
    client.show("preferences"),
  )
  open(visit, made)
}
