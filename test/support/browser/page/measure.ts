/**
 * What the tests ask a page about itself, as `measure.…`.
 */
import { ofDocument } from "../../../../adapters/browser/Parts.ts"
import type { Focused, Paints } from "./Measured.ts"

const shadows = (): ReadonlyArray<ShadowRoot> =>
  [...document.querySelectorAll("assent-widget")].map(({ shadowRoot }) => shadowRoot!)

const find = (selector: string): Element =>
  shadows()
    .map((shadow) => shadow.querySelector(selector))
    .find((found) => found !== null)!

/**
 * The computed style of an element, but for where it stands and what follows from that: also its width, which a layout
 * may round to another 64th of a pixel there.
 */
const looks = (selector: string): Record<string, string> => {
  const style = getComputedStyle(find(selector))
  const own = /^(inset|left|right|top|bottom|perspective-origin|transform-origin|width$|inline-size$)/
  return Object.fromEntries(
    [...style].filter((property) => !own.test(property)).map((name) => [name, style.getPropertyValue(name)]),
  )
}

/** The state of the deciding event of each type. */
const states = async (): Promise<Record<string, string>> => {
  const lines = await ofDocument()!.client!.history()
  return Object.fromEntries(
    lines.filter(({ decides }) => decides).map(({ event }) => [event.consentType, event.consentState]),
  )
}

const focused = (): Focused => {
  const outer = document.activeElement!
  const active = outer.shadowRoot?.activeElement ?? outer
  const [it, banner] = [active, find(".banner")].map((each) => each?.getBoundingClientRect())
  const isCovered =
    it !== undefined &&
    banner !== undefined &&
    it.top >= banner.top &&
    it.bottom <= banner.bottom &&
    it.left >= banner.left &&
    it.right <= banner.right
  const isInWidget = active.getRootNode() !== document
  return { text: active.textContent.trim(), isInWidget, isCovered: isCovered && !isInWidget }
}

const entries = (type: string): Promise<ReadonlyArray<PerformanceEntry>> =>
  new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries())).observe({ type, buffered: true })
    setTimeout(() => resolve([]), 400)
  })

const paints = async (): Promise<Paints> => {
  const largest = (await entries("largest-contentful-paint")).at(-1) as { element?: Element | null } | undefined
  return {
    shifts: (await entries("layout-shift")).length,
    isLargestOfPage: largest && largest.element?.getRootNode() === document,
    focused: document.activeElement?.tagName,
  }
}

/** As a router does that replaces what it finds. */
const replacePage = (): void => {
  document.querySelector("assent-widget")!.remove()
  document.body.replaceWith(document.createElement("body"))
}

/** The name of the control that has the focus, as it is read out. */
const focusedName = (): string => {
  const active = document.activeElement!.shadowRoot?.activeElement as HTMLElement & Partial<HTMLInputElement>
  return active.ariaLabel ?? active.labels?.[0]?.textContent ?? active.textContent
}

/** Spaces texts as WCAG 1.4.12 asks a page to bear it. */
const spaceText = (): void => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(
    "*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}p{margin-bottom:2em!important}",
  )
  for (const shadow of shadows()) shadow.adoptedStyleSheets.push(sheet)
}

/** All of it. */
export const measure = { looks, states, focused, focusedName, paints, replacePage, spaceText }
