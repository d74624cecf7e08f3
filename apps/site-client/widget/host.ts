/**
 * Where everything is shown: one open shadow root on `<html>`, which a router that replaces `<body>` leaves alone.
 *
 * The host is the first child, so what is in it comes first in the order of tab stops. The files of the banner and of
 * the preference centre share it; each has a root element of its own in it.
 */
import type { Visit } from "../../../core/browser/VisitAnswer.ts"
import { element } from "./dom.ts"
import { base } from "./style.ts"

const name = "assent-widget"

/** The host of the document: made, and put back whenever something takes it away. */
const host = (): HTMLElement => {
  const { documentElement } = document
  const known = document.querySelector<HTMLElement>(name)
  if (known !== null) return known
  const made = document.createElement(name)
  made.attachShadow({ mode: "open" })
  const putBack = (): void => {
    if (!made.isConnected) documentElement.prepend(made)
  }
  putBack()
  new MutationObserver(putBack).observe(documentElement, { childList: true })
  return made
}

/** Black or white, whichever can be read better on a colour `#rrggbb`. */
const readableOn = (colour: string): string => {
  const [red, green, blue] = [1, 3, 5].map((at) => (parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2) as [
    number,
    number,
    number,
  ]
  // The contrast of white is (1 + 0.05) / (light + 0.05), that of black (light + 0.05) / 0.05: equal at 0.179.
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff"
}

/** Makes the root of what is shown, with its style sheet, language and looks, and puts it into the host. */
export const open = (css: string, { region, texts }: Visit): HTMLElement => {
  const { branding, banner } = region
  const root = element("div", { class: "r", lang: texts.language, dir: texts.dir })
  const set = (property: string, value: string | number | undefined): void => {
    if (value !== undefined) root.style.setProperty("--b-" + property, typeof value === "number" ? `${value}px` : value)
  }
  if (banner.theme === "brand" && branding.primaryColor !== undefined) {
    set("action", branding.primaryColor)
    set("on-action", branding.secondaryColor ?? readableOn(branding.primaryColor))
  }
  set("font", branding.font)
  set("radius", branding.cardRadius)
  set("button-radius", branding.buttonRadius)

  const dark = matchMedia("(prefers-color-scheme:dark)")
  const paint = (): void => {
    root.classList.toggle("dark", banner.theme === "dark" || (banner.theme === "auto" && dark.matches))
  }
  paint()
  dark.addEventListener("change", paint)

  const sheet = new CSSStyleSheet()
  sheet.replaceSync(base + css)
  const shadow = host().shadowRoot!
  shadow.adoptedStyleSheets = [...shadow.adoptedStyleSheets, sheet]
  shadow.append(root)
  return root
}
