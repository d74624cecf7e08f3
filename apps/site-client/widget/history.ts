/**
 * The history: every choice of the visitor, the latest first, to download and to take back.
 */
import type { ConsentClient, HistoryLine } from "../../../adapters/browser/ConsentClient.ts"
import type { Visit, VisitEvent } from "../../../core/browser/VisitAnswer.ts"
import { button, element } from "./dom.ts"
import * as Status from "./status.ts"

/** The status of an event that is alone. */
const statusOf = { accepted: "given", declined: "refused", implied: "implied", viewed: "requested" } as const

const download = (events: ReadonlyArray<VisitEvent>): void => {
  const url = URL.createObjectURL(new Blob([JSON.stringify(events, null, 2)], { type: "application/json" }))
  element("a", { href: url, download: "privacy-choices.json" }).click()
  setTimeout(() => URL.revokeObjectURL(url))
}

/** What the page itself knows, where the server cannot be asked: the events that decide. */
const ownLines = (client: ConsentClient): ReadonlyArray<HistoryLine> =>
  client.decisions().flatMap(({ type, decision: { event } }) => {
    if (event === undefined) return []
    const { consentDate, dateCreated, expirationDate: _, ...rest } = event
    const [date, created] = [consentDate, dateCreated].map((at) => new Date(at).toISOString()) as [string, string]
    return [{ event: { ...rest, consentDate: date, dateCreated: created }, type, decides: true, isPending: false }]
  })

/** Makes the history, which is read when it is opened. */
export const make = (client: ConsentClient, visit: Visit): HTMLDetailsElement => {
  const { texts } = visit
  const { historyTitle, historyEmpty, historyDownload, undoButton, pending } = texts.privacyCenter
  const time = new Intl.DateTimeFormat(texts.language, { dateStyle: "medium", timeStyle: "short" })
  const body = element("div", { class: "history" })
  const summary = element("summary", {}, historyTitle)
  const history = element("details", {}, summary, body)

  const lineOf = ({ event, type, decides, isPending }: HistoryLine): HTMLElement => {
    const decision = type && client.decide(type.id)
    const said =
      decides && decision
        ? Status.ofDecision(texts, decision)
        : Status.sentence(texts, statusOf[event.consentState], Date.parse(event.consentDate))
    const line = element(
      "li",
      { class: decides ? "line decides" : "line" },
      element("time", { datetime: event.consentDate }, time.format(Date.parse(event.consentDate))),
      element("strong", {}, type?.name ?? event.consentType),
      element("span", {}, `${said} · v${event.version}`),
    )
    if (isPending) line.append(element("span", { class: "pending" }, pending))
    if (decides && decision?.permitted && type?.required === false) {
      const undo = button("undo", undoButton, () => {
        void client.withdraw(type.id, { surface: "history", region: visit.region.id })
        summary.focus()
        void read()
      })
      undo.classList.add("quiet")
      undo.setAttribute("aria-label", `${undoButton}: ${type.name}`)
      line.append(undo)
    }
    return line
  }
  const read = async (): Promise<void> => {
    const lines = await client.history().catch(() => ownLines(client))
    const saved = button("download", historyDownload, () => download(lines.map(({ event }) => event)))
    saved.classList.add("quiet")
    body.replaceChildren(
      ...(lines.length === 0
        ? [element("p", {}, historyEmpty)]
        : [element("ol", {}, ...lines.map(lineOf)), saved]),
    )
  }
  history.addEventListener("toggle", () => {
    if (history.open) void read()
  })
  return history
}
