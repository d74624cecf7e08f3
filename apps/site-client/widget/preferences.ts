/**
 * The second layer: a switch for each type, what is in force, three actions, and the history.
 *
 * Escape and the close button record nothing. What the browser's signal contradicts is accepted only after a sentence
 * that says so.
 */
import type { Choice, ConsentClient, Surface } from "../../../adapters/browser/ConsentClient.ts"
import * as Parts from "../../../adapters/browser/Parts.ts"
import type { Visit } from "../../../core/browser/VisitAnswer.ts"
import { choose, evidenceOf, honoursSignal, isCovered, optional } from "./choices.ts"
import * as Dialog from "./dialog.ts"
import { button, element, rich } from "./dom.ts"
import * as History from "./history.ts"
import { links } from "./optOut.ts"
import { preferencesStyle } from "./preferencesStyle.ts"
import * as Rows from "./rows.ts"

/** Whether a choice accepts what the browser's signal declines, and has not been confirmed in spite of it before. */
const isConflict = (client: ConsentClient, visit: Visit) => {
  const covered = client.decisions().filter(({ type, decision }) => isCovered(visit, type) && !decision.permitted)
  return ({ consentType, consentState }: Choice): boolean =>
    consentState === "accepted" && covered.some(({ type }) => type.id === consentType)
}

/** Shows the preference centre. Returns how to close it. */
export const show = (client: ConsentClient, visit: Visit, surface: Surface, onHidden: () => void): Dialog.Dialog => {
  const texts = visit.texts.privacyCenter
  const rows = Rows.make(client, visit)
  const evidence = evidenceOf("preferences", visit, [
    texts.title,
    texts.text,
    ...client.decisions().flatMap(({ type }) => [type.name, type.description]),
    ...[texts.declineAllButton, texts.acceptAllButton, texts.saveButton],
  ])

  const record = (choices: ReadonlyArray<Choice>, conflicting: ReadonlyArray<Choice>): void => {
    const others = choices.filter((choice) => !conflicting.includes(choice))
    dialog.close()
    if (others.length > 0) void client.record(others, evidence())
    if (conflicting.length > 0) void client.record(conflicting, { ...evidence(), gpc: true })
  }
  /** Records the choices, once the visitor has said that those against the browser's signal are meant. */
  const save = (choices: ReadonlyArray<Choice>): void => {
    const conflicting = honoursSignal(client, visit) ? choices.filter(isConflict(client, visit)) : []
    if (conflicting.length === 0) return record(choices, [])
    const sentence = element("p", { class: "conflict", tabindex: "-1" }, texts.signalConflict)
    const back = button("back", texts.notNowButton, () => {
      footer.replaceChildren(...actions)
      actions.at(-1)!.focus()
    })
    back.classList.add("quiet")
    const anyway = button("anyway", texts.acceptAnywayButton, () => record(choices, conflicting))
    anyway.classList.add("quiet")
    footer.replaceChildren(sentence, back, anyway)
    sentence.focus()
  }
  const all = (state: Choice["consentState"]) => () => save(choose(optional(client), state))
  const actions = [
    button("decline", texts.declineAllButton, all("declined")),
    button("accept", texts.acceptAllButton, all("accepted")),
    button("save", texts.saveButton, () => save(rows.choices())),
  ]
  for (const action of actions.slice(0, 2)) action.classList.add("quiet")
  const footer = element("footer", { part: "actions" }, ...actions)
  const pending = element("p", { class: "badge pending", role: "status" })
  const history = visit.region.consentHistory ? History.make(client, visit) : undefined

  const update = (): void => {
    rows.update()
    pending.textContent = client.status().pending > 0 ? texts.pending : ""
  }
  const stop = client.on("change", update)
  const dialog = Dialog.show(
    preferencesStyle,
    visit,
    texts.title,
    (dialog, heading) => {
      const close = button("x", "✕", () => dialog.close())
      close.setAttribute("aria-label", texts.closeButton)
      const body = element(
        "div",
        { class: "body" },
        element("p", {}, ...rich(texts.text)),
        ...(honoursSignal(client, visit) ? [element("p", { class: "badge" }, texts.signalHonoured)] : []),
        ...links(client, visit, evidence),
        rows.list,
        pending,
        ...(history === undefined ? [] : [history]),
      )
      dialog.append(element("header", {}, heading, close), body, footer)
    },
    () => {
      stop()
      Parts.ofDocument()?.tell("hidden", { surface })
      onHidden()
    },
  )
  update()
  if (surface === "history" && history !== undefined) {
    history.open = true
    history.querySelector("summary")!.focus()
  }
  Parts.ofDocument()?.tell("shown", { surface })
  return dialog
}
