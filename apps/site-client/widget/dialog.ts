/**
 * A modal dialog of the browser: it keeps the focus, closes with Escape, and gives the focus back to its opener.
 */
import type { Visit } from "../../../core/browser/VisitAnswer.ts"
import { element, focused, focusOn } from "./dom.ts"
import { open } from "./host.ts"

/** A dialog that is shown. */
export interface Dialog {
  readonly close: () => void
}

/** Shows a dialog with the focus on its heading. `onClosed` is called once, however it was closed. */
export const show = (
  css: string,
  visit: Visit,
  title: string,
  fill: (dialog: HTMLDialogElement, heading: HTMLElement) => void,
  onClosed: () => void,
): Dialog => {
  const opener = focused()
  const heading = element("h2", { id: "title", tabindex: "-1", autofocus: "" }, title)
  const dialog = element("dialog", { "aria-labelledby": "title" })
  const root = open(css, visit)
  fill(dialog, heading)
  root.append(dialog)
  dialog.addEventListener("close", () => {
    root.remove()
    focusOn(opener)
    onClosed()
  })
  dialog.showModal()
  heading.focus()
  return { close: () => dialog.close() }
}
