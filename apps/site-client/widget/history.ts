/**
 * The history: every choice of the visitor, the latest first, to download and to take back.
 */
import type { ConsentClient, HistoryLine } from "../../../adapters/browser/ConsentClient.ts"
import type { Visit } from "../../../core/browser/VisitAnswer.ts"
import { button, element } from "./dom.ts"
import * as Status from "./status.ts"

/** What is said of an event that does not decide. */
const statusOf = { accepted: "given", declined: "refused", implied: "implied", viewed: "requested" } as const

const download = (lines: ReadonlyArray<HistoryLine>): void => {
  const link = element("a", "")
  const json = JSON.stringify(
    lines.map(({ event }) => event),
    null,
    2,
  )
  link.href = URL.createObjectURL(new Blob([json], { type: "application/json" }))
  link.download = "privacy-choices.json"
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href))
}

/** Makes the history, which is read when it is opened. */
export const make = (client: ConsentClient, visit: Visit): HTMLDetailsElement => {
  const { texts } = visit
  const { historyTitle, historyEmpty, historyFailed, historyDownload, undoButton, pending } = texts.privacyCenter
  const time = new Intl.DateTimeFormat(texts.language, { dateStyle: "medium", timeStyle: "short" })
  const body = element("div", "")
  const summary = element("summary", "", historyTitle)
  const history = element("details", "history", summary, body)

  const lineOf = ({ event, type, decides, isPending }: HistoryLine): HTMLElement => {
    const at = Date.parse(event.consentDate)
    const decision = decides && type ? client.decide(type.id) : undefined
    const said = decision
      ? Status.ofDecision(texts, decision)
      : Status.sentence(texts, statusOf[event.consentState], at)
    const line = element(
      "li",
      decides ? "line on" : "line",
      element("span", "", `${time.format(at)} · ${event.version}`),
      element("strong", "", type?.name ?? event.consentType),
      element("span", "", said),
    )
    if (isPending) line.append(element("span", "", pending))
    if (decision?.permitted && !type?.required) {
      const undo = button("undo quiet", undoButton, () => {
        summary.focus()
        void client.withdraw(event.consentType, { surface: "history", region: visit.region.id })
        void read()
      })
      undo.setAttribute("aria-label", `${undoButton}: ${type!.name}`)
      line.append(undo)
    }
    return line
  }
  const read = async (): Promise<void> => {
    // Without an answer nothing is said to be empty.
    const lines = await client.history().catch(() => undefined)
    if (lines?.length) {
      const list = element("ol", "", ...lines.map(lineOf))
      body.replaceChildren(
        list,
        button("download quiet", historyDownload, () => download(lines)),
      )
    } else body.replaceChildren(lines ? historyEmpty : historyFailed)
    history.scrollIntoView()
  }
  history.addEventListener("toggle", () => history.open && void read())
  return history
}
