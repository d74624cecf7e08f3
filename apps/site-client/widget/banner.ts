/**
 * The first layer: what is asked, and three actions. It is a region of the page, not a dialog: it takes no focus, keeps
 * none, and leaves the page usable.
 */
import type { ConsentClient, TypeDecision } from "../../../adapters/browser/ConsentClient.ts"
import type { Parts } from "../../../adapters/browser/Parts.ts"
import type { Visit } from "../../../core/browser/VisitAnswer.ts"
import { type ChosenState, choose, evidenceOf, honoursSignal, optional } from "./choices.ts"
import { button, element, rich } from "./dom.ts"
import { focusStart, host, open } from "./host.ts"
import { leaveRoom } from "./room.ts"

/**
 * What is asked: the types that must be, or, where a site shows the banner without need, all. What the browser's signal
 * has refused is not asked here, because an acceptance in spite of it needs to be confirmed.
 */
const askedOf = (client: ConsentClient, visit: Visit): ReadonlyArray<TypeDecision> => {
  const all = optional(client)
  const asked = all.filter(({ decision }) => decision.askAgain)
  if (asked[0]) return asked
  return honoursSignal(client, visit) ? all.filter(({ decision }) => decision.permitted) : all
}

/** What is said: where only changed texts are asked again, what changed; otherwise the text of the banner. */
const textsOf = ({ texts }: Visit, asked: ReadonlyArray<TypeDecision>): ReadonlyArray<string> => {
  const changed = asked.filter(({ decision }) => decision.status === "invalidated")
  return [
    ...changed.flatMap(({ type }) => [texts.privacyCenter.changed.replace("{name}", type.name), type.description]),
    ...(changed.length === asked.length && changed[0] ? [] : [texts.consentBanner.text]),
  ]
}

/** Shows the banner. Returns how to hide it. */
export const show = ({ tell }: Parts, client: ConsentClient, visit: Visit): (() => void) => {
  const { region, texts } = visit
  const { title, link, acceptButton, denyButton, customizeButton, closeButton, closeAndDeclineButton } =
    texts.consentBanner
  const { doNotSellLink, limitUseLink, signalHonoured } = texts.privacyCenter
  const { banner } = region
  const asked = askedOf(client, visit)
  const said = textsOf(visit, asked)
  const shown = [title, ...said, link, denyButton, acceptButton, customizeButton]
  const evidence = evidenceOf({ surface: "banner", layout: banner.layout, region: region.id }, shown)

  const answer = (state: ChosenState) => (): void => {
    hide()
    void client.record(choose(asked, state), evidence())
  }
  const settings = (): void => client.show("preferences")
  const heading = element("h2", "", title)
  const body = element("div", "body", heading, ...said.map((text) => element("p", "", ...rich(text))))
  if (honoursSignal(client, visit)) body.append(element("p", "badge", signalHonoured))
  // First what the law of the region asks for: on a small screen the end of the text is reached by scrolling.
  const links = element("p", "links")
  if (region.doNotSell) links.append(button("link", doNotSellLink, settings))
  if (region.limitPii) links.append(button("link", limitUseLink, settings))
  links.append(...rich(link))
  body.append(links)
  if (region.branding.logoUrl) {
    heading.before(Object.assign(new Image(), { className: "logo", alt: "", src: region.branding.logoUrl }))
  }
  const actions = element("div", "actions")
  if (banner.denyButton) actions.append(button("decline", denyButton, answer("declined")))
  actions.append(button("accept", acceptButton, answer("accepted")))
  if (banner.customizeButton) actions.append(button("customize quiet", customizeButton, settings))
  if (banner.closeButton === "decline") {
    actions.append(button("close quiet", closeAndDeclineButton, answer("declined")))
  }
  const section = element("section", `banner ${banner.layout} ${banner.position}`, body, actions)
  section.setAttribute("aria-label", title)
  if (banner.closeButton === "close") {
    const close = button("x", "✕", () => hide())
    close.setAttribute("aria-label", closeButton)
    section.prepend(close)
  }

  // Read out once, without taking the focus: a live region tells what is put into it after it is there.
  const status = element("p", "said")
  status.setAttribute("role", "status")
  setTimeout(() => status.append(title), 300)
  const root = open(visit, section, status)
  host.className = banner.layout
  if (banner.layout === "inline") document.documentElement.append(host)
  const giveBack = leaveRoom(section)

  const hide = (): void => {
    if (section.matches(":focus-within")) focusStart()
    stop()
    giveBack()
    root.remove()
    host.removeAttribute("class")
    tell("hidden", { surface: "banner" })
  }
  // Another tab, the preference centre or a sign-in may have answered.
  const stop = client.on("change", () => client.mustAsk() || hide())
  tell("shown", { surface: "banner" })
  return hide
}
