/**
 * Writes the metrics of a project as one HTML file, to read, print and keep.
 *
 * The file needs nothing else: it has no script, no font and no address to load from, and a policy in its head forbids
 * them. The same metrics give the same bytes. Every text is escaped, and nothing in it is personal.
 */
import type { Html } from "../../../core/formats/Html.ts"
import { html } from "../../../core/formats/Html.ts"
import * as Page from "../Page.ts"
import { style } from "../Style.ts"
import * as Words from "../Words.ts"
import * as EventsChart from "./EventsChart.ts"
import type { MetricsReport } from "./MetricsReport.ts"
import * as MetricsWords from "./MetricsWords.ts"
import * as RatesChart from "./RatesChart.ts"
import * as RequestsChart from "./RequestsChart.ts"
import * as SmallGroups from "./SmallGroups.ts"

const metricsStyle = `
.numbers li{--tone:var(--after)}
section>h3{margin-top:1.75rem}
.totals{margin-top:1.1rem;overflow-x:auto}
.totals thead th{white-space:normal;vertical-align:bottom}
.totals .figure{overflow-wrap:normal}
.totals th[scope=row]{min-width:5.5rem}
@media (max-width:560px){.totals table{font-size:.8125rem}.totals th,.totals td{padding-right:.35rem}.totals .figure{padding-right:0;padding-left:.35rem}}
@media (max-width:430px){.totals table{font-size:.75rem}.totals thead th{font-size:.6875rem}.totals th[scope=row]{min-width:4.5rem}}
@media print{.totals{break-inside:avoid;overflow:visible}section>.aside{break-after:auto}#rates-part .plot{max-height:none}}
`

const number = (value: string, what: string, detail: string): Html =>
  html`<li>
    <strong class="number">${value}</strong>
    <span class="what">${what}</span>
    <span class="detail">${detail}</span>
  </li>`

const sumOf = ({ consentTypes = [] }: MetricsReport, state: "accepted" | "declined"): number =>
  consentTypes.reduce((sum, { counts }) => sum + (counts.get(state) ?? 0), 0)

const answer = (report: MetricsReport): Html => {
  const { days } = report
  const sum = (of: (day: MetricsReport["days"][number]) => number): number =>
    days.reduce((before, day) => before + of(day), 0)
  const [accepted, declined] = [sumOf(report, "accepted"), sumOf(report, "declined")]
  const rate = accepted + declined === 0 ? "–" : Words.share(accepted, accepted + declined)
  const [events, sessions] = [sum(({ events }) => events.created), sum(({ sessions }) => sessions.created)]
  const [opened, answered] = [sum((day) => day.requests.created), sum((day) => day.requests.entered.resolved)]
  return html`<ul class="numbers">
    ${number(Words.count(events), events === 1 ? "consent event" : "consent events", "recorded on these days")}
    ${number(rate, "said yes", `of ${Words.counted(accepted + declined, "yes or no", "yes or no")}`)}
    ${number(Words.count(sessions), sessions === 1 ? "session" : "sessions", "an estimate")}
    ${number(Words.count(opened), opened === 1 ? "request opened" : "requests opened", `${Words.count(answered)} answered`)}
  </ul>`
}

const question = ({ askedAt, days, project }: MetricsReport): Html => {
  const open = days.filter(({ isFinalized }) => !isFinalized).length
  return html`<dl class="question">
    <div>
      <dt>Project</dt>
      <dd>${project.name} <span class="detail">${project.id}</span></dd>
    </div>
    <div>
      <dt>Days</dt>
      <dd>
        ${MetricsWords.range({ from: days[0]!.day, to: days.at(-1)!.day + 1 })}, in UTC
        <span class="detail"
          >${open === 0 ? "All of them are final." : `${Words.counted(open, "day", "days")} may still change.`}</span
        >
      </dd>
    </div>
    <div>
      <dt>Asked on</dt>
      <dd>${Words.date(askedAt)}</dd>
    </div>
  </dl>`
}

const regions: SmallGroups.GroupWords = { one: "region", many: "regions", without: "No region known" }
const hosts: SmallGroups.GroupWords = { one: "host name", many: "host names", without: "Not from a page" }

const sections = (report: MetricsReport): ReadonlyArray<readonly [id: string, heading: string, content: Html]> => [
  ["events", "Consent events", EventsChart.figure(report.days)],
  ["rates", "Consent rates", RatesChart.figure(report)],
  ["regions", "Regions", SmallGroups.section(report.geographies, regions)],
  ["hosts", "Host names", SmallGroups.section(report.domains, hosts)],
  ["requests", "Compliance requests", RequestsChart.section(report.days, report.years)],
  ["answers", "Days to the answer", RequestsChart.daysSection(report.years)],
]

/** Writes the page. It is a pure function. */
export const write = (report: MetricsReport): string => {
  const { days, project } = report
  const title = `Metrics of ${project.name}`
  const parts = sections(report)
  const content = html`
    <a class="skip" href="#answer">Skip to the figures</a>
    <header>
      <p class="eyebrow">Assent · metrics</p>
      <h1>${title}</h1>
      ${question(report)}
    </header>
    <main>
      <section class="answer" id="answer" aria-labelledby="answer-heading">
        <h2 id="answer-heading">${Words.counted(days.length, "day", "days")} in four numbers</h2>
        ${answer(report)}
      </section>
      <nav aria-label="Contents">
        <ul>
          ${parts.map(([id, heading]) => html`<li><a href="#${id}-part">${heading}</a></li>`)}
        </ul>
      </nav>
      ${parts.map(
        ([id, heading, part]) =>
          html`<section id="${id}-part" aria-labelledby="${id}-heading">
            <h2 id="${id}-heading">${heading}</h2>
            ${part}
          </section> `,
      )}
    </main>
    <footer>
      <p>Counted from the log of the ledger. The page names no person. All times are UTC.</p>
      <p class="on-paper">The tables behind the charts are left out on paper; they are in the file.</p>
    </footer>
  `
  return Page.write({ title, styles: [style, metricsStyle], content })
}
