/**
 * Up to ten people whose answers differ, under pseudonyms, with the intervals on which they differ.
 */
import type { Example, ExampleAnswer, Summary } from "../../core/simulation/Summary.ts"
import type { Html } from "../../core/formats/Html.ts"
import { html } from "../../core/formats/Html.ts"
import * as Statuses from "./Statuses.ts"
import * as Table from "./Table.ts"
import * as Words from "./Words.ts"

type Interval = Example["intervals"][number]

const examplesMax = 10
const intervalsMax = 12

const side = (name: string, { status, permitted, askAgain }: ExampleAnswer): Html =>
  html`<div class="side">
    <dt>${name}</dt>
    <dd>
      <b class="status ${Statuses.kind(status)}">${Statuses.label(status)}</b>,
      ${permitted ? "permitted" : "not permitted"}${askAgain ? ", may be asked again" : ""}
    </dd>
  </div>`

/** How the permission changes on an interval, which is the colour of its mark. */
const kind = ({ before, after }: Interval): "loss" | "gain" | "ask" =>
  before.permitted === after.permitted ? "ask" : before.permitted ? "loss" : "gain"

/**
 * The window as a strip on which the intervals are marked. It is hidden from screen readers: the dates are in the text.
 */
const strip = (intervals: ReadonlyArray<Interval>, { from, until }: Summary): Html => {
  const place = (instant: number): string => (((instant - from) / Math.max(1, until - from)) * 100).toFixed(2)
  return html`<div class="strip" aria-hidden="true">
    ${intervals.map(
      (interval) =>
        html`<span
          class="${kind(interval)}"
          style="left:${place(interval.from)}%;right:calc(100% - ${place(interval.until)}%)"
        ></span>`,
    )}
  </div>`
}

const intervalItem = (interval: Interval, until: number): Html =>
  html`<li class="${kind(interval)}">
    <p class="when">
      ${Words.briefDate(interval.from)} –
      ${interval.until >= until ? "end of the window" : Words.briefDate(interval.until)}
    </p>
    <dl>${side("Before", interval.before)}${side("After", interval.after)}</dl>
    <p class="because">${interval.because}</p>
  </li>`

const person = (example: Example, summary: Summary): Html => {
  const name = summary.consentTypes.find(({ id }) => id === example.consentType)?.name ?? example.consentType
  const { shown, left } = Table.first(example.intervals, intervalsMax)
  return html`<article class="person">
    <h3>${example.pseudonym} <span class="type">${name}</span></h3>
    ${strip(shown, summary)}
    <ol>
      ${shown.map((interval) => intervalItem(interval, summary.until))}
    </ol>
    ${Table.more(left, left === 1 ? "interval" : "intervals")}
  </article>`
}

/** The section's content. */
export const section = (summary: Summary): Html =>
  html`<p>
      These people are picked from those whose answers differ. The names are pseudonyms. A strip is the window from
      beginning to end; a mark on it is a time when the two answers differ.
    </p>
    <div class="people">${summary.examples.slice(0, examplesMax).map((example) => person(example, summary))}</div>`
