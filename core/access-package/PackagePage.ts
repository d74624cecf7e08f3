/**
 * `index.html` of an access package: what a person reads. It runs no script and loads nothing, so that it can be kept,
 * printed and read alone.
 */
import type { ComplianceState } from "../compliance/ComplianceState.ts"
import type { Instant } from "../engine/Instant.ts"
import { html, type Html, type HtmlPart, trusted } from "../formats/Html.ts"
import type { Organization } from "../model/Catalog.ts"
import * as PackageLanguages from "./PackageLanguages.ts"
import { style } from "./PackageStyle.ts"
import type { Noted, PackageSummary, WrittenEntry } from "./PackageSummary.ts"
import type { EntryName, PackageList, PackageWords } from "./PackageWords.ts"

/** What the page is written from. */
export interface PageInput {
  readonly organization: Pick<Organization, "name" | "privacyPolicyUrl" | "timeZone">
  readonly request: { readonly id: string; readonly state: Pick<ComplianceState, "instants" | "language" | "request"> }
  /** Whether the ledger knows the person that the request is about. */
  readonly isKnown: boolean
  readonly knownAt: Instant
  /** In which languages it is written, the most wanted first. */
  readonly languages: ReadonlyArray<string>
  /** The name of a consent type as people are shown it. */
  readonly nameOf: (project: string, consentType: string) => string
  readonly summary: PackageSummary
  /** The files that were written before the page. */
  readonly entries: ReadonlyArray<WrittenEntry>
}

/** The words of the page, and how it writes numbers and instants. */
interface Writer {
  readonly words: PackageWords
  readonly number: (value: number) => string
  readonly instant: (value: number | string | undefined) => string
  readonly size: (bytes: number) => string
}

const writerOf = ({ languages, organization }: PageInput): Writer => {
  const words = PackageLanguages.of(languages)
  const { language } = words
  const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 1 })
  const timeZone = organization.timeZone ?? "UTC"
  const instants = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", timeZone })
  const size = (bytes: number): string =>
    bytes < 1000
      ? `${bytes} B`
      : bytes < 1e6
        ? `${numbers.format(bytes / 1e3)} kB`
        : `${numbers.format(bytes / 1e6)} MB`
  return {
    words,
    number: (value) => numbers.format(value),
    instant: (value) => (value === undefined ? "" : instants.format(new Date(value))),
    size,
  }
}

type Row = ReadonlyArray<HtmlPart>

const table = (heads: ReadonlyArray<string>, rows: ReadonlyArray<Row>): Html =>
  html`<table>
    <thead>
      <tr>
        ${heads.map((head) => html`<th scope="col">${head}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            ${row.map((cell, index) => html`<td data-label="${heads[index]}">${cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`

/** A section with the items of a list, and how many of them it shows. */
const section = <Item>(
  { number, words }: Writer,
  list: PackageList,
  file: EntryName,
  { count, items }: Noted<Item>,
  heads: ReadonlyArray<string>,
  rowOf: (item: Item) => Row,
): Html => {
  const { about, heading } = words.sections[list]
  const part = items.length < count ? words.partOf(number(items.length), number(count), file) : undefined
  return html`<section>
    <h2>${heading}</h2>
    <p>${about}${part === undefined ? "" : ` ${part}`}</p>
    ${items.length === 0 ? html`<p class="soft">${words.empty}</p>` : table(heads, items.map(rowOf))}
  </section>`
}

const nowrap = (text: string): Html | string => (text === "" ? "" : html`<span class="nowrap">${text}</span>`)

const answers = (writer: Writer, { nameOf, summary }: PageInput): Html => {
  const { instant, words } = writer
  const { labels } = words
  return section(
    writer,
    "answers",
    "decisions.json",
    summary.decisions,
    [labels.what, labels.answer, labels.since, labels.until],
    ({ consentType, expiresAt, project, since, status }) => [
      nameOf(project, consentType),
      words.statuses[status],
      nowrap(instant(since)),
      nowrap(instant(expiresAt)),
    ],
  )
}

const history = (writer: Writer, { nameOf, summary }: PageInput): Html => {
  const { instant, words } = writer
  const { labels } = words
  return section(
    writer,
    "history",
    "events.ndjson",
    summary.events,
    [labels.date, labels.what, labels.recorded, labels.where],
    ({ consentAction, consentDate, consentState, consentType, project, session }) => [
      nowrap(instant(consentDate)),
      nameOf(project, consentType),
      words.states[consentState],
      [session?.domain, words.actions[consentAction]].filter((each) => each !== undefined).join(", "),
    ],
  )
}

const identifiers = (writer: Writer, { summary }: PageInput): Html => {
  const { instant, words } = writer
  const { labels } = words
  return section(
    writer,
    "identifiers",
    "identifiers.json",
    summary.identifiers,
    [labels.kind, labels.since, labels.until],
    ({ kind, since, until }) => [words.identifiers[kind ?? "unknown"], nowrap(instant(since)), nowrap(instant(until))],
  )
}

const sessions = (writer: Writer, { summary }: PageInput): Html => {
  const { instant, words } = writer
  const { labels } = words
  return section(
    writer,
    "sessions",
    "sessions.json",
    summary.sessions,
    [labels.website, labels.region, labels.address, labels.browser, labels.ends],
    ({ domain, expiresAt, geography, ipAddress, userAgent }) => [
      domain,
      geography,
      ipAddress,
      userAgent,
      nowrap(instant(expiresAt)),
    ],
  )
}

const requests = (writer: Writer, { summary }: PageInput): Html => {
  const { instant, words } = writer
  const { labels } = words
  return section(
    writer,
    "requests",
    "compliance-requests.json",
    summary.requests,
    [labels.received, labels.what, labels.status, labels.outcome],
    ({ request, requestDate, resolution, resolutionStatus, status }) => [
      nowrap(instant(requestDate)),
      words.requests[request],
      words.requestStatuses[status],
      [
        resolutionStatus === undefined ? "" : words.outcomes[resolutionStatus],
        resolution === undefined ? "" : html`<br /><span class="soft">${resolution}</span>`,
      ],
    ],
  )
}

/** The members of a profile, each with its value. */
const profile = (writer: Writer, { summary }: PageInput): Html | string => {
  const { heading, about } = writer.words.sections.profile
  const members = summary.profile.items.flatMap(({ data = {} }) => Object.entries(data))
  if (members.length === 0) return ""
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value))
  return html`<section>
    <h2>${heading}</h2>
    <p>${about}</p>
    <dl class="facts">
      ${members.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${text(value)}</dd>
          </div>`,
      )}
    </dl>
  </section>`
}

const describe = ({ entries }: PackageWords, name: string): string =>
  name.startsWith("files/") ? entries["files/"] : (entries[name as EntryName] ?? "")

/** The files of the package, with the page and the manifest, which are not written yet. */
const contents = ({ size, words }: Writer, { entries }: PageInput): Html => {
  const { labels } = words
  const rest = ["index.html", "manifest.json"].map((name) => ({ name, size: undefined }))
  const rows = [...entries, ...rest].map((entry): Row => [
    html`<code>${entry.name}</code>`,
    describe(words, entry.name),
    entry.size === undefined ? "" : nowrap(size(entry.size)),
  ])
  return html`<section>
    <h2>${words.contents.heading}</h2>
    <p>${words.contents.about}</p>
    ${table([labels.file, labels.content, labels.size], rows)}
  </section>`
}

const documents = (writer: Writer, { entries }: PageInput): Html | string => {
  const { size, words } = writer
  const files = entries.filter(({ name }) => name.startsWith("files/"))
  if (files.length === 0) return ""
  const row = (file: WrittenEntry): Row => [html`<code>${file.name}</code>`, nowrap(size(file.size))]
  const listed = { count: files.length, items: files }
  return section(writer, "files", "files/", listed, [words.labels.file, words.labels.size], row)
}

const policyOf = ({ organization: { privacyPolicyUrl } }: PageInput): string | undefined =>
  /^https?:\/\//i.test(privacyPolicyUrl) ? privacyPolicyUrl : undefined

const closing = ({ words }: Writer, input: PageInput): Html => {
  const { absent, rights } = words
  const policy = policyOf(input)
  return html`<section>
      <h2>${absent.heading}</h2>
      <p>${absent.about(input.organization.name)}</p>
      ${policy === undefined ? "" : html`<p><a href="${policy}" rel="noreferrer">${absent.policy}</a></p>`}
    </section>
    <section>
      <h2>${rights.heading}</h2>
      <p>${rights.about}</p>
    </section>`
}

const head = ({ instant, number, words }: Writer, input: PageInput): Html => {
  const { isKnown, knownAt, organization, request, summary } = input
  const { labels, sections } = words
  const counts = [
    [summary.decisions.count, sections.answers.heading],
    [summary.events.count, sections.history.heading],
    [summary.sessions.count, sections.sessions.heading],
    [summary.requests.count, sections.requests.heading],
  ] as const
  return html`<header>
    <p class="eyebrow">${words.eyebrow}</p>
    <h1>${words.title(organization.name)}</h1>
    <p class="lead">${words.lead(organization.name)}</p>
    <dl class="facts">
      <div>
        <dt>${labels.request}</dt>
        <dd>${words.requests[request.state.request]}<br /><code>${request.id}</code></dd>
      </div>
      <div>
        <dt>${labels.received}</dt>
        <dd>${instant(request.state.instants.received)}</dd>
      </div>
      <div>
        <dt>${labels.prepared}</dt>
        <dd>${instant(knownAt)} (${organization.timeZone ?? "UTC"})</dd>
      </div>
    </dl>
    ${
      isKnown
        ? ""
        : html`<div class="note">
            <h2>${words.nothing.heading}</h2>
            <p>${words.nothing.about}</p>
          </div>`
    }
    ${
      isKnown
        ? html`<ul class="numbers">
            ${counts.map(([count, name]) => html`<li><span class="number">${number(count)}</span>${name}</li>`)}
          </ul>`
        : ""
    }
    ${summary.people > 1 ? html`<p class="note">${words.joined(number(summary.people))}</p>` : ""}
    ${summary.erasures > 0 ? html`<p class="note">${words.erased}</p>` : ""}
  </header>`
}

/** Writes the page. */
export const write = (input: PageInput): string => {
  const writer = writerOf(input)
  const { language, title } = writer.words
  const sections = input.isKnown ? [answers, history, identifiers, profile, sessions] : []
  return html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <title>${title(input.organization.name)}</title>
        <style>
          ${trusted(style)}
        </style>
      </head>
      <body>
        ${head(writer, input)}
        <main>
          ${sections.map((each) => each(writer, input))} ${requests(writer, input)} ${documents(writer, input)}
          ${contents(writer, input)} ${closing(writer, input)}
        </main>
      </body>
    </html> `.html
}
