/**
 * Where everything of one script file is shown: an open shadow root on `<html>`, which a router that replaces `<body>`
 * leaves alone. The host is the first child, so what is in it comes first in the order of tab stops.
 */
import type { Visit } from "../../../core/browser/VisitAnswer.ts"
import { element } from "./dom.ts"
import { base } from "./style.ts"

/** The element that has the shadow root, with which a site's own style sets `--assent-…`. */
export const host = document.createElement("assent-widget")

const shadow = host.attachShadow({ mode: "open" })

/** Puts the host into the page, and back whenever something takes it away. */
const keep = (): void => {
  if (!host.isConnected) document.documentElement.prepend(host)
}

/** Starts to keep the host in the page, with the style of what is shown in it. */
export const start = (css: string): void => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(base + css)
  shadow.adoptedStyleSheets.push(sheet)
  keep()
  new MutationObserver(keep).observe(document.documentElement, { childList: true })
}

/** Gives the focus to the start of the page: the next tab stop is its first. */
export const focusStart = (): void => {
  host.tabIndex = -1
  host.focus({ preventScroll: true })
}

/** Shows nodes in the language and the looks of the region. Returns what they are in. */
export const open = ({ region: { branding, banner }, texts }: Visit, ...nodes: ReadonlyArray<Node>): HTMLElement => {
  const root = element("div", `root ${banner.theme}`, ...nodes)
  root.lang = texts.language
  root.dir = texts.dir
  for (const [name, value] of Object.entries(branding)) {
    root.style.setProperty(`--b-${name}`, typeof value === "number" ? `${value}px` : value)
  }
  shadow.append(root)
  return root
}
