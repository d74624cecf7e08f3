/**
 * The second layer: a switch for each type, what is in force, three actions, and the history.
 *
 * Escape and the close button record nothing. What the browser's signal contradicts is accepted only after a sentence
 * that says so.
 */
import type { Choice, ConsentClient, Surface } from "../../../adapters/browser/ConsentClient.ts"
import type { Parts } from "../../../adapters/browser/Parts.ts"
import type { Visit } from "../../../core/browser/VisitAnswer.ts"
import { choose, evidenceOf, honoursSignal, isCovered, optional } from "./choices.ts"
import * as Dialog from "./dialog.ts"
import { button, element, rich } from "./dom.ts"
import * as History from "./history.ts"
import { links } from "./optOut.ts"
import * as Rows from "./rows.ts"

/** The choices that accept what the browser's signal declines, and that have not been confirmed before. */
const conflicting = (client: ConsentClient, visit: Visit, choices: ReadonlyArray<Choice>): ReadonlyArray<Choice> => {
  if (!honoursSignal(client, visit)) return []
  const refused = client.decisions().filter(({ type, decision }) => isCovered(visit, type) && !decision.permitted)
  return choices.filter(
    ({ consentType, consentState }) =>
      consentState === "accepted" && refused.some(({ type }) => type.id === consentType),
  )
}

/** Shows the preference centre. Returns how to close it. */
export const show = (
  { tell }: Parts,
  client: ConsentClient,
  visit: Visit,
  surface: Surface,
  onHidden: () => void,
): (() => void) => {
  const texts = visit.texts.privacyCenter
  const { title, text, declineAllButton, acceptAllButton, saveButton } = texts
  const rows = Rows.make(client, visit)
  const described = client.decisions().flatMap(({ type }) => [type.name, type.description])
  const shown = [title, text, ...described, declineAllButton, acceptAllButton, saveButton]
  const evidence = evidenceOf({ surface: "preferences", region: visit.region.id }, shown)

  const record = (choices: ReadonlyArray<Choice>, confirmed: ReadonlyArray<Choice>): void => {
    const others = choices.filter((choice) => !confirmed.includes(choice))
    close()
    if (others[0]) void client.record(others, evidence())
    if (confirmed[0]) void client.record(confirmed, { ...evidence(), gpc: true })
  }
  /** Records the choices, once the visitor has said that those against the browser's signal are meant. */
  const save = (choices: ReadonlyArray<Choice>): void => {
    const conflicts = conflicting(client, visit, choices)
    if (!conflicts[0]) return record(choices, [])
    const sentence = element("p", "conflict", texts.signalConflict)
    sentence.tabIndex = -1
    const back = (): void => {
      footer.replaceChildren(...actions)
      actions[2]!.focus()
    }
    footer.replaceChildren(
      sentence,
      button("back quiet", texts.notNowButton, back),
      button("anyway quiet", texts.acceptAnywayButton, () => record(choices, conflicts)),
    )
    sentence.focus()
  }
  const all = (state: Choice["consentState"]) => () => save(choose(optional(client), state))
  const actions = [
    button("decline quiet", declineAllButton, all("declined")),
    button("accept quiet", acceptAllButton, all("accepted")),
    button("save", saveButton, () => save(rows.choices())),
  ]
  const footer = element("div", "choices", ...actions)
  const pending = element("p", "badge")
  pending.setAttribute("role", "status")
  const update = (): void => {
    rows.update()
    pending.textContent = client.status().pending > 0 ? texts.pending : ""
  }
  update()
  const stop = client.on("change", update)

  const body = element("div", "body", element("p", "", ...rich(text)))
  if (honoursSignal(client, visit)) body.append(element("p", "badge", texts.signalHonoured))
  body.append(...links(client, visit, evidence), rows.list, pending)
  const history = History.make(client, visit)
  if (visit.region.consentHistory) body.append(history)

  const close = Dialog.show(
    visit,
    title,
    (dialog, heading, close) => {
      const x = button("x", "✕", close)
      x.setAttribute("aria-label", texts.closeButton)
      dialog.append(element("div", "head", heading, x), body, footer)
    },
    () => {
      stop()
      tell("hidden", { surface })
      onHidden()
    },
  )
  if (surface === "history") {
    history.open = true
    history.querySelector("summary")!.focus()
  }
  tell("shown", { surface })
  return close
}
