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

interface Row {
  readonly row: HTMLElement
  readonly update: (about: TypeDecision) => void
  readonly choice: () => ReadonlyArray<Choice>
}

const rowOf = ({ type }: TypeDecision, { texts }: Visit): Row => {
  const id = (part: string): string => `${part}-${type.id}`
  const status = element("p", { class: "status", id: id("status") })
  const input = element("input", {
    type: "checkbox",
    role: "switch",
    part: "switch",
    id: id("switch"),
    "aria-describedby": `${id("text")} ${id("status")}`,
  })
  let isMoved = false
  input.addEventListener("change", () => (isMoved = true))
  const language = type.language === undefined ? {} : { lang: type.language }
  const row = element("li", { class: "row", part: "row" })
  row.append(
    element("h3", language, type.required ? type.name : element("label", { for: id("switch") }, type.name)),
    type.required ? element("span", { class: "always" }, texts.privacyCenter.required) : input,
    element(
      "p",
      { id: id("text"), ...language },
      ...rich(type.description),
      ...(type.url === undefined ? [] : [" ", element("a", { href: type.url }, new URL(type.url).host)]),
    ),
  )
  if (!type.required) row.append(status)
  return {
    row,
    update: ({ decision }) => {
      if (!isMoved) input.checked = decision.permitted
      status.className = "status " + decision.status
      status.textContent = Status.ofDecision(texts, decision)
    },
    choice: () =>
      type.required ? [] : [{ consentType: type.id, consentState: input.checked ? "accepted" : "declined" }],
  }
}

/** Makes the rows of all types. */
export const make = (client: ConsentClient, visit: Visit): Rows => {
  const rows = new Map(client.decisions().map((about) => [about.type.id, rowOf(about, visit)]))
  const update = (): void => client.decisions().forEach((about) => rows.get(about.type.id)?.update(about))
  update()
  const all = [...rows.values()]
  return {
    list: element("ul", { class: "rows" }, ...all.map(({ row }) => row)),
    choices: () => all.flatMap(({ choice }) => choice()),
    update,
  }
}
