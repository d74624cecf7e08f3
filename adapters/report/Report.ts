/**
 * Writes a simulation's summary as one HTML file, for a person responsible for data protection to read, print and keep.
 *
 * The file needs nothing else: it has no script, no font and no address to load from, and a policy in its head forbids
 * them. The same summary gives the same bytes. Every text from the summary is escaped.
 */
import type { Summary, UsedPack } from "../../core/simulation/Summary.ts"
import * as Answer from "./Answer.ts"
import * as AskedChart from "./AskedChart.ts"
import * as Examples from "./Examples.ts"
import type { Html } from "../../core/formats/Html.ts"
import { html } from "../../core/formats/Html.ts"
import * as Lists from "./Lists.ts"
import * as Packs from "./Packs.ts"
import * as Page from "./Page.ts"
import * as PermittedChart from "./PermittedChart.ts"
import * as Provenance from "./Provenance.ts"
import * as RulesInWords from "./RulesInWords.ts"
import { style } from "./Style.ts"
import * as Table from "./Table.ts"
import * as TransitionChart from "./TransitionChart.ts"
import * as Words from "./Words.ts"

/** A part of the page with its own heading. */
interface Section {
  readonly id: string
  readonly heading: string
  /** A shorter heading, for the list of contents. */
  readonly short: string
  readonly content: Html
}

const sentencesMax = 12
const warningsMax = 50

const inWords = (name: string, side: UsedPack["side"], otherwise: string, summary: Summary): Html => {
  const given = summary[side]
  const pack = summary.packs.find((each) => each.side === side)
  const sentences = RulesInWords.from(given, summary)
  const { shown, left } = Table.first(sentences, sentencesMax)
  return html`<div>
    <dt>${name}</dt>
    <dd>
      ${pack === undefined ? undefined : html`<p><b>${pack.title}</b> (${pack.reference})</p>`}
      ${
        shown.length === 0
          ? otherwise
          : html`<ul>
              ${shown.map((sentence) => html`<li>${sentence}</li>`)}
            </ul>`
      }
      ${Table.more(left, left === 1 ? "rule" : "rules")}
    </dd>
  </div>`
}

const question = (summary: Summary): Html =>
  html`<dl class="question">
    ${inWords("What if", "candidate", "The candidate, as written out under “Proof”.", summary)}
    ${inWords("Instead of", "baseline", "Today’s rules: those that each consent type carries.", summary)}
    <div>
      <dt>For whom</dt>
      <dd>
        ${Words.counted(summary.population.people, "person", "people")} with
        ${Words.counted(summary.population.pairs, "answer", "answers")} about
        ${Words.counted(summary.consentTypes.length, "consent type", "consent types")}, if nobody does anything new
      </dd>
    </div>
  </dl>`

const warnings = (given: ReadonlyArray<string>): Html | undefined => {
  if (given.length === 0) return undefined
  const { shown, left } = Table.first(given, warningsMax)
  return html`<section class="warnings" aria-labelledby="warnings">
    <h2 id="warnings">${given.length === 1 ? "One warning" : `${Words.count(given.length)} warnings`}</h2>
    <ul>
      ${shown.map((warning) => html`<li>${warning}</li>`)}
    </ul>
    ${Table.more(left, left === 1 ? "warning" : "warnings")}
  </section>`
}

const sections = (summary: Summary): ReadonlyArray<Section> => {
  const isChanged = summary.changed.pairs > 0
  const listed = (section: Section, isWanted: boolean): ReadonlyArray<Section> => (isWanted ? [section] : [])
  return [
    {
      id: "over-time",
      heading: "How many answers permit, over time",
      short: "Permission over time",
      content: PermittedChart.figure(summary),
    },
    {
      id: "asking-again",
      heading: "When people must, and when they may, be asked again",
      short: "Asking again",
      content: AskedChart.figure(summary),
    },
    ...listed(
      {
        id: "changes",
        heading: "What becomes of the answers",
        short: "Changes of status",
        content: TransitionChart.figure(summary),
      },
      isChanged,
    ),
    ...listed(
      {
        id: "types",
        heading: "Which consent types change",
        short: "Consent types",
        content: Lists.consentTypes(summary),
      },
      isChanged,
    ),
    ...listed(
      { id: "why", heading: "Why answers differ", short: "Reasons", content: Lists.reasons(summary) },
      summary.reasons.length > 0,
    ),
    ...listed(
      {
        id: "examples",
        heading: summary.examples.length === 1 ? "One example" : `${summary.examples.length} examples`,
        short: "Examples",
        content: Examples.section(summary),
      },
      summary.examples.length > 0,
    ),
    { id: "proof", heading: "Proof: the exact rules and inputs", short: "Proof", content: Provenance.section(summary) },
  ]
}

/** Writes the report. It is a pure function, and the size of the result does not depend on the number of people. */
export const write = (summary: Summary): string => {
  const window = `${Words.date(summary.from)} and ${Words.date(summary.until)}`
  const parts = sections(summary)
  const content = html`
    <a class="skip" href="#answer">Skip to the answer</a>
    <header>
      <p class="eyebrow">Assent · what-if report</p>
      <h1>What would change between ${window} under other rules?</h1>
      ${question(summary)}
    </header>
    <main>
      <section class="answer" id="answer" aria-labelledby="answer-heading">
        <h2 id="answer-heading">The answer</h2>
        ${Answer.section(summary)}
      </section>
      ${Packs.section(summary)} ${warnings(summary.warnings)}
      <nav aria-label="Contents">
        <ul>
          ${parts.map(({ id, short }) => html`<li><a href="#${id}">${short}</a></li>`)}
        </ul>
      </nav>
      ${parts.map(
        ({ id, heading, content }) =>
          html`<section id="${id}" aria-labelledby="${id}-heading">
            <h2 id="${id}-heading">${heading}</h2>
            ${content}
          </section> `,
      )}
    </main>
    <footer>
      <p>
        Computed by replaying every recorded event under both sets of rules, exact to the millisecond. All times are
        UTC. This report describes what has been recorded; it is not legal advice.
      </p>
      <p class="on-paper">The tables behind the charts are left out on paper; they are in the file.</p>
    </footer>
  `
  return Page.write({ title: `What if: ${Answer.sentence(summary)}`, styles: [style], content })
}
