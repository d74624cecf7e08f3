/**
 * The rows of the preference centre: a type each, with a switch, its text, and what is in force.
 */
import type { Choice, ConsentClient, TypeDecision } from "../../../adapters/browser/ConsentClient.ts"
import type { Visit } from "../../../core/browser/VisitAnswer.ts"
import { element, rich } from "./dom.ts"
import * as Status from "./status.ts"

/** The rows. */
export interface Rows {
  readonly list: HTMLElement
  /** What the switches say: an acceptance where one is on, otherwise a refusal. */
  readonly choices: () => ReadonlyArray<Choice>
  /** Says again what is in force; a switch that the visitor has moved stays. */
  readonly update: () => void
}

/** A row, without the required types' switch. */
interface Row {
  readonly row: HTMLElement
  readonly update: (about: TypeDecision) => void
  readonly choice: () => ReadonlyArray<Choice>
}

const rowOf = ({ type }: TypeDecision, { texts }: Visit): Row => {
  const text = element("p", "", ...rich(type.description))
  if (type.url !== undefined) text.append(" ", ...rich(`[${new URL(type.url).host}](${type.url})`))
  const title = element("h3", "")
  if (type.language !== undefined) title.lang = text.lang = type.language
  if (type.required) {
    title.append(type.name)
    const row = element("li", "row", title, text, element("p", "status on", texts.privacyCenter.required))
    return { row, update: () => undefined, choice: () => [] }
  }
  const input = element("input", "switch")
  input.type = "checkbox"
  input.setAttribute("role", "switch")
  input.id = type.id
  text.id = type.id + "-text"
  const label = element("label", "", type.name)
  label.htmlFor = type.id
  title.append(label)
  const status = element("p", "")
  status.id = type.id + "-status"
  input.setAttribute("aria-describedby", `${text.id} ${status.id}`)
  let isMoved = false
  input.addEventListener("change", () => (isMoved = true))
  return {
    row: element("li", "row", title, input, text, status),
    update: ({ decision }) => {
      if (!isMoved) input.checked = decision.permitted
      status.className = decision.permitted ? "status on" : "status"
      status.textContent = Status.ofDecision(texts, decision)
    },
    choice: () => [{ consentType: type.id, consentState: input.checked ? "accepted" : "declined" }],
  }
}

/** Makes the rows of all types. */
export const make = (client: ConsentClient, visit: Visit): Rows => {
  const rows = client.decisions().map((about) => rowOf(about, visit))
  return {
    list: element("ul", "rows", ...rows.map(({ row }) => row)),
    choices: () => rows.flatMap(({ choice }) => choice()),
    update: () => client.decisions().forEach((about, at) => rows[at]?.update(about)),
  }
}
