/**
 * The rule packs of a simulation: title, text, notes, and the statement that a pack is not legal advice.
 */
import * as Instant from "../../core/engine/Instant.ts"
import type { Summary, UsedPack } from "../../core/simulation/Summary.ts"
import type { Html } from "../../core/formats/Html.ts"
import { html } from "../../core/formats/Html.ts"
import * as Table from "./Table.ts"
import * as Words from "./Words.ts"

const notesMax = 20

/** An address that a reader can follow; any other text is only shown, because a file may say what it likes. */
const isAddress = (source: string): boolean => /^https?:\/\//.test(source)

const sourceOf = (source: string): Html =>
  isAddress(source) ? html`<a href="${source}" rel="noreferrer">${source}</a>` : html`${source}`

/** The day of a text such as `2020-10-01`; another text as it is. */
const day = (text: string): string => {
  const at = Instant.parse(`${text}T00:00:00Z`)
  return at === undefined ? text : Words.date(at)
}

const fact = (name: string, value: Html): Html =>
  html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`

const pack = ({ appliesFrom, notes, reference, side, source, summary, title, warning }: UsedPack): Html => {
  const { shown, left } = Table.first(notes, notesMax)
  return html`<article class="pack">
    <h3>${title}</h3>
    ${summary === undefined ? undefined : html`<p>${summary}</p>`}
    <dl>
      ${fact("Rules of", html`${side === "candidate" ? "the candidate" : "the baseline"}, ${reference}`)}
      ${appliesFrom === undefined ? undefined : fact("Applies from", html`${day(appliesFrom)}`)}
      ${source === undefined ? undefined : fact("Source", sourceOf(source))}
    </dl>
    <ul>
      ${shown.map((note) => html`<li>${note}</li>`)}
    </ul>
    ${Table.more(left, left === 1 ? "note" : "notes")}
    <p class="advice">${warning}</p>
  </article>`
}

/** The section of the packs; nothing if none was used. */
export const section = ({ packs }: Summary): Html | undefined =>
  packs.length === 0
    ? undefined
    : html`<section class="packs" aria-labelledby="packs">
        <h2 id="packs">
          ${packs.length === 1 ? "The rule pack, and what it leaves out" : "The rule packs, and what they leave out"}
        </h2>
        ${packs.map(pack)}
      </section>`
