/**
 * The two ranked lists: which consent types change most, and why answers differ.
 */
import type { Summary } from "../../core/simulation/Summary.ts"
import type { Html } from "../../core/formats/Html.ts"
import { html } from "../../core/formats/Html.ts"
import * as Table from "./Table.ts"

const typesMax = 50
const reasonsMax = 20

/** Consent types by the number of answers that change, the most first. Types without a change are only counted. */
export const consentTypes = (summary: Summary): Html => {
  const changed = summary.consentTypes
    .filter(({ changedPairs }) => changedPairs > 0)
    .toSorted((a, b) => b.changedPairs - a.changedPairs)
  const { shown, left } = Table.first(changed, typesMax)
  const unchanged = summary.consentTypes.length - changed.length
  return html`<div class="ranked">
      ${Table.table({
        caption: "Answers that change, by consent type",
        columns: [{ heading: "Consent type" }, { heading: "Answers that change", isFigure: true }],
        rows: shown.map(({ name, changedPairs }) => [name, Table.bar(changedPairs, changed[0]?.changedPairs ?? 0)]),
      })}
    </div>
    ${Table.more(left, left === 1 ? "consent type" : "consent types")}
    ${
      unchanged === 0
        ? undefined
        : html`<p class="aside">
            ${unchanged === 1 ? "One consent type does" : `${unchanged} consent types do`} not change.
          </p>`
    }`
}

/** The reasons, the most frequent first. */
export const reasons = (summary: Summary): Html => {
  const sorted = summary.reasons.toSorted((a, b) => b.pairs - a.pairs)
  const { shown, left } = Table.first(sorted, reasonsMax)
  return html`<div class="ranked">
      ${Table.table({
        caption: "Reasons, by the number of answers they apply to",
        columns: [{ heading: "Reason" }, { heading: "Answers", isFigure: true }],
        rows: shown.map(({ reason, pairs }) => [reason, Table.bar(pairs, sorted[0]?.pairs ?? 0)]),
      })}
    </div>
    ${Table.more(left, left === 1 ? "reason" : "reasons")}`
}
