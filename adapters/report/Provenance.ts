/**
 * The provenance of the report: the exact rules, the inputs with their digests, and the instant at which they were
 * known.
 */
import type { Summary } from "../../core/simulation/Summary.ts"
import type { Html } from "../../core/formats/Html.ts"
import { html } from "../../core/formats/Html.ts"
import * as Table from "./Table.ts"
import * as Words from "./Words.ts"

/** Rules longer than this number of characters are cut; the digest of their file identifies the whole. */
const rulesMax = 100_000
const inputsMax = 100

const asJson = (value: unknown): string =>
  JSON.stringify(value, undefined, 2) ?? "Nothing given: the rules that each consent type carries."

const rules = (title: string, value: unknown): Html => {
  const text = asJson(value)
  return html`<div class="rules">
    <h3>${title}</h3>
    <pre tabindex="0" role="region" aria-label="${title}">${text.slice(0, rulesMax)}</pre>
    ${
      text.length > rulesMax
        ? html`<p class="aside">
            Cut after ${Words.count(rulesMax)} characters; the digest above is that of the whole file.
          </p>`
        : undefined
    }
  </div>`
}

const fact = (name: string, value: string): Html =>
  html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`

const inputs = (given: Summary["inputs"]): Html | undefined => {
  if (given.length === 0) return undefined
  const { shown, left } = Table.first(given, inputsMax)
  return html`<div class="inputs">
    <h3>Inputs</h3>
    ${Table.table({
      caption: "Whoever has files with these SHA-256 digests can run the simulation again and must get this report",
      columns: [{ heading: "Input" }, { heading: "SHA-256" }],
      rows: shown.map(({ name, sha256 }) => [name, html`<code>${sha256}</code>`]),
    })}
    ${Table.more(left, left === 1 ? "input" : "inputs")}
  </div>`
}

/** The section's content. */
export const section = (summary: Summary): Html => {
  return html`<dl class="facts">
      ${fact("Window", `${Words.date(summary.from)} up to, not including, ${Words.date(summary.until)}`)}
      ${fact("Step of the charts", `${Words.steps(1, summary.step)} (${summary.step})`)}
      ${fact("Everything known at", Words.date(summary.knownAt))} ${fact("Events read", Words.count(summary.events))}
      ${fact("People", Words.count(summary.population.people))}
      ${fact("Answers (person and consent type)", Words.count(summary.population.pairs))}
    </dl>
    ${inputs(summary.inputs)}
    <div class="pair">
      ${rules("Before: the baseline", summary.baseline)}${rules("After: the candidate", summary.candidate)}
    </div>`
}
