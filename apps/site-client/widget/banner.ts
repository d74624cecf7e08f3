/**
 * The first layer: what is asked, and three actions. It is a region of the page, not a dialog: it takes no focus, keeps
 * none, and leaves the page usable.
 */
import type { ConsentClient, TypeDecision } from "../../../adapters/browser/ConsentClient.ts"
import * as Parts from "../../../adapters/browser/Parts.ts"
import type { Visit } from "../../../core/browser/VisitAnswer.ts"
import { bannerStyle } from "./bannerStyle.ts"
import { type ChosenState, choose, evidenceOf, honoursSignal, isCovered, optional } from "./choices.ts"
import { button, element, focused, focusOn, rich } from "./dom.ts"
import { open } from "./host.ts"
import { links } from "./optOut.ts"
import { leaveRoom } from "./room.ts"

/** What is asked: the types that must be, or, where a site shows the banner without need, all that it may ask. */
const askedOf = (client: ConsentClient, visit: Visit): ReadonlyArray<TypeDecision> => {
  const all = optional(client)
  const asked = all.filter(({ decision }) => decision.askAgain)
  const askable = asked.length > 0 ? asked : all
  return honoursSignal(client, visit) ? askable.filter(({ type }) => !isCovered(visit, type)) : askable
}

/** What is said: where only changed texts are asked again, what changed; otherwise the text of the banner. */
const textsOf = (visit: Visit, asked: ReadonlyArray<TypeDecision>): ReadonlyArray<string> => {
  const { consentBanner, privacyCenter } = visit.texts
  const changed = asked.filter(({ decision }) => decision.status === "invalidated")
  return [
    ...(changed.length === asked.length && changed.length > 0 ? [] : [consentBanner.text]),
    ...changed.flatMap(({ type }) => [privacyCenter.changed.replace("{name}", type.name), type.description]),
  ]
}

/** Shows the banner. Returns how to hide it, which is done once. */
export const show = (client: ConsentClient, visit: Visit, onHidden: () => void): (() => void) => {
  const { consentBanner, privacyCenter } = visit.texts
  const { layout, position, closeButton, denyButton, customizeButton } = visit.region.banner
  const { logoUrl } = visit.region.branding
  const asked = askedOf(client, visit)
  const texts = textsOf(visit, asked)
  const labels = [consentBanner.denyButton, consentBanner.acceptButton, consentBanner.customizeButton]
  const evidence = evidenceOf("banner", visit, [consentBanner.title, ...texts, consentBanner.link, ...labels])

  const answer = (state: ChosenState) => (): void => {
    hide()
    void client.record(choose(asked, state), evidence())
  }
  const actions = element("div", { class: "actions", part: "actions" })
  if (denyButton || visit.region.consentMode === "express") {
    actions.append(button("decline", consentBanner.denyButton, answer("declined")))
  }
  actions.append(button("accept", consentBanner.acceptButton, answer("accepted")))
  if (customizeButton) {
    const customize = button("customize", consentBanner.customizeButton, () => client.show("preferences"))
    customize.classList.add("quiet")
    actions.append(customize)
  }

  const body = element(
    "div",
    { class: "body" },
    ...(logoUrl === undefined ? [] : [element("img", { src: logoUrl, alt: "", class: "logo" })]),
    element("h2", {}, consentBanner.title),
    ...texts.map((text) => element("p", {}, ...rich(text))),
    ...(honoursSignal(client, visit) ? [element("p", { class: "badge" }, privacyCenter.signalHonoured)] : []),
    element("p", { class: "links" }, ...rich(consentBanner.link), ...links(client, visit, evidence)),
  )
  const section = element("section", {
    class: `banner ${layout} ${position}`,
    part: "banner",
    "aria-label": consentBanner.title,
  })
  section.append(body, actions)
  if (closeButton !== "none") {
    const declines = closeButton === "decline"
    const close = button("close", declines ? consentBanner.closeAndDeclineButton : "✕", () =>
      declines ? answer("declined")() : hide(),
    )
    close.classList.add(declines ? "link" : "x")
    if (!declines) close.setAttribute("aria-label", consentBanner.closeButton)
    section.append(close)
  }

  // Read out once, without taking the focus: a live region tells what is put into it after it is there.
  const announcement = element("p", { class: "hidden", role: "status" })
  const root = open(bannerStyle, visit)
  root.append(section, announcement)
  const announced = setTimeout(() => announcement.replaceChildren(consentBanner.title), 300)
  const giveBack = leaveRoom(section, layout, position)

  let isShown = true
  const hide = (): void => {
    if (!isShown) return
    isShown = false
    const hadFocus = section.contains(focused())
    clearTimeout(announced)
    stop()
    giveBack()
    root.remove()
    if (hadFocus) focusOn(null)
    Parts.ofDocument()?.tell("hidden", { surface: "banner" })
    onHidden()
  }
  // Another tab, the preference centre or a sign-in may have answered.
  const stop = client.on("change", () => client.mustAsk() || hide())
  Parts.ofDocument()?.tell("shown", { surface: "banner" })
  return hide
}
