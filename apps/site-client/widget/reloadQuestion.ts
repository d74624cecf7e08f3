/**
 * Asks whether to load the page again, because a script ran whose type has been withdrawn.
 */
import type { Visit } from "../../../core/browser/VisitAnswer.ts"
import * as Dialog from "./dialog.ts"
import { button, element } from "./dom.ts"
import { preferencesStyle } from "./preferencesStyle.ts"

/** Asks. Nothing is lost by not loading: what was withdrawn gets no more data of new loads. */
export const ask = ({ texts, ...visit }: Visit, onClosed: () => void): Dialog.Dialog => {
  const { reloadQuestion, reloadButton, notNowButton } = texts.privacyCenter
  return Dialog.show(
    preferencesStyle,
    { texts, ...visit },
    reloadQuestion,
    (dialog, heading) => {
      dialog.className = "question"
      const later = button("back", notNowButton, () => dialog.close())
      later.classList.add("quiet")
      const reload = button("reload", reloadButton, () => location.reload())
      reload.classList.add("quiet")
      dialog.append(heading, element("footer", {}, later, reload))
    },
    onClosed,
  )
}
