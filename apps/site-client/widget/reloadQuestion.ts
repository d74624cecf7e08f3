/**
 * Asks whether to load the page again, because a script ran whose type has been withdrawn.
 */
import type { Visit } from "../../../core/browser/VisitAnswer.ts"
import * as Dialog from "./dialog.ts"
import { button, element } from "./dom.ts"

/** Asks. */
export const ask = (visit: Visit, onClosed: () => void): HTMLDialogElement => {
  const { reloadQuestion, reloadButton, notNowButton } = visit.texts.privacyCenter
  const fill = (dialog: HTMLDialogElement, heading: HTMLElement): void => {
    const later = button("back quiet", notNowButton, () => dialog.close())
    const reload = button("reload quiet", reloadButton, () => location.reload())
    dialog.className = "question"
    dialog.append(heading, element("footer", "actions", later, reload))
  }
  return Dialog.show(visit, reloadQuestion, fill, onClosed)
}
