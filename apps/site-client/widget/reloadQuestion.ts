/**
 * Asks whether to load the page again, because a script ran whose type has been withdrawn.
 */
import type { Visit } from "../../../core/browser/VisitAnswer.ts"
import * as Dialog from "./dialog.ts"
import { button, element } from "./dom.ts"

/** Asks, also above the preference centre. */
export const ask = (visit: Visit): void => {
  const { reloadQuestion, reloadButton, notNowButton } = visit.texts.privacyCenter
  Dialog.show(visit, reloadQuestion, (dialog, heading, close) => {
    dialog.className = "question"
    const reload = button("reload quiet", reloadButton, () => location.reload())
    dialog.append(heading, element("div", "choices", button("back quiet", notNowButton, close), reload))
  })
}
