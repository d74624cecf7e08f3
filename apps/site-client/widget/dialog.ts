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
 * Shows a dialog with the focus on its heading; `fill` puts the rest around it. `onClosed` is called once, however it was
 * closed.
 */
export const show = (
  visit: Visit,
  title: string,
  fill: (dialog: HTMLDialogElement, heading: HTMLElement) => void,
  onClosed: () => void,
): HTMLDialogElement => {
  const opener = focused()
  const heading = element("h2", "", title)
  heading.id = "title"
  heading.tabIndex = -1
  const dialog = element("dialog", "dialog")
  dialog.setAttribute("aria-labelledby", "title")
  fill(dialog, heading)
  const root = open(visit, dialog)
  dialog.addEventListener("close", () => {
    root.remove()
    if (opener?.isConnected && opener !== document.body) (opener as HTMLElement).focus({ preventScroll: true })
    else focusStart()
    onClosed()
  })
  dialog.showModal()
  heading.focus()
  return dialog
}
