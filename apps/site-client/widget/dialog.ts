/**
 * A modal dialog of the browser: it keeps the focus, closes with Escape, and gives the focus back to its opener.
 */
import type { Visit } from "../../../core/browser/VisitAnswer.ts"
import { element } from "./dom.ts"
import { focusStart, open } from "./host.ts"

/** The element that has the focus, also in shadow roots. */
const focused = (): Element | null => {
  let active = document.activeElement
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement
  return active
}

/**
 * Shows a dialog with the focus on its heading; `fill` puts the rest around it. Returns how to close it; `onClosed` is
 * called once, however it was closed.
 */
export const show = (
  visit: Visit,
  title: string,
  fill: (dialog: HTMLElement, heading: HTMLElement, close: () => void) => void,
  onClosed?: () => void,
): (() => void) => {
  const opener = focused()
  const heading = element("h2", "", title)
  heading.tabIndex = -1
  const dialog = element("dialog", "dialog")
  dialog.setAttribute("aria-label", title)
  const root = open(visit, dialog)
  // At once, not by the event alone, which is a task of its own: what is shown next must find nothing shown.
  const close = (): void => {
    if (!root.isConnected) return
    dialog.close()
    root.remove()
    if (opener?.isConnected && opener !== document.body) (opener as HTMLElement).focus({ preventScroll: true })
    else focusStart()
    onClosed?.()
  }
  fill(dialog, heading, close)
  dialog.addEventListener("close", close)
  dialog.showModal()
  heading.focus()
  return close
}
