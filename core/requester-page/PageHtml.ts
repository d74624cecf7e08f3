/**
 * The page by which a requester shows identity and follows a request. It runs no script and loads nothing, and shows
 * of all words only those that are meant for the requester.
 */
import type { CivilDate } from "../compliance/CivilDate.ts"
import type { ActedPage, RequesterAction, RequesterPage } from "../compliance-requests/RequesterPage.ts"
import type { Instant } from "../engine/Instant.ts"
import { html, type Html, type HtmlPart } from "../formats/Html.ts"
import * as MailLanguages from "../mail/MailLanguages.ts"
import type { MailWords } from "../mail/MailWords.ts"
import type { Organization, Project } from "../model/Catalog.ts"
import * as LanguageLookup from "../model/LanguageLookup.ts"
import * as PageLanguages from "./PageLanguages.ts"
import { styleElement } from "./PageStyle.ts"
import type { PageWords } from "./PageWords.ts"

/** What the page is written from. `did`: what the requester has just done. */
export interface RequesterPageInput {
  readonly organization: Pick<Organization, "name" | "privacyPolicyUrl" | "timeZone">
  readonly project: Pick<Project, "languages">
  readonly page: RequesterPage
  readonly did?: { readonly action: RequesterAction["kind"]; readonly outcome: ActedPage["outcome"] }
}

/** The input with the words of its language. */
interface Writer extends RequesterPageInput {
  readonly words: PageWords
  readonly mail: MailWords
  readonly day: (value: Instant | CivilDate) => string
}

const named = (text: string, { organization }: Pick<RequesterPageInput, "organization">): string =>
  text.replace("{organization}", () => organization.name)

const document = (
  { direction, language }: Pick<PageWords, "direction" | "language">,
  title: string,
  main: HtmlPart,
  footer: HtmlPart,
): string =>
  html`<!doctype html>
    <html lang="${language}" dir="${direction}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        ${styleElement}
      </head>
      <body>
        <main>${main}</main>
        <footer>${footer}</footer>
      </body>
    </html>`.html

const button = (value: string, label: string, kind = ""): Html =>
  html`<button name="action" value="${value}" class="${kind}">${label}</button>`

const form = (...parts: ReadonlyArray<HtmlPart>): Html => html`<form method="post">${parts}</form>`

/** Before identity is shown: what is asked, and whether it comes from the reader. */
const verifying = ({ mail, organization, page: { request }, words }: Writer): HtmlPart => [
  html`<h1>${words.isItYou}</h1>
    <p>${named(words.asked, { organization })}</p>
    <dl>
      <div>
        <dt>${words.request}</dt>
        <dd>${mail.requests[request.state.request]}</dd>
      </div>
    </dl>
    <p>${words.untouched}</p>`,
  request.state.request === "delete" ? html`<p class="note warn">${words.deletes}</p>` : undefined,
  form(button("verify", words.confirm), button("withdraw", words.notMe, "quiet")),
]

const factsOf = ({ day, mail, page: { request }, words }: Writer): Html => {
  const { clock, id, state } = request
  const { received, resolved } = state.instants
  const rows: ReadonlyArray<readonly [string, string | undefined]> = [
    [words.request, mail.requests[state.request]],
    [words.received, day(received)],
    [words.due, resolved === undefined && clock.dueDate !== undefined ? day(clock.dueDate) : undefined],
    [words.finished, resolved === undefined ? undefined : day(resolved)],
    [words.number, id],
  ]
  return html`<dl>
    ${rows.map(([name, value]) =>
      value === undefined
        ? undefined
        : html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
    )}
  </dl>`
}

/** The question of staff, and a field for the answer. */
const questionOf = ({ page: { request }, words }: Writer): Html | undefined =>
  request.state.isClarifying
    ? html`<section>
        <h2>${words.question}</h2>
        <p class="words">${request.privateData?.reasons?.clarification}</p>
        ${form(
          html`<label for="answer">${words.yourAnswer}</label
            ><textarea id="answer" name="answer" maxlength="8192" required></textarea>`,
          button("clarify", words.send),
        )}
        ${request.clock.isPaused ? html`<p class="soft">${words.paused}</p>` : undefined}
      </section>`
    : undefined

/** How it ended: the outcome or the ground, and the words of staff. */
const resultOf = ({ mail, page: { request }, words }: Writer): HtmlPart => {
  const { resolution } = request.state
  if (resolution === undefined) return undefined
  const { denialGround, status } = resolution
  const isAnswer = status !== "denied" && status !== "withdrawn"
  const ground = denialGround === undefined ? undefined : mail.grounds[denialGround]
  return html`<section>
    <h2>${words.result}</h2>
    ${isAnswer ? html`<p>${mail.outcomes[status]}</p>` : undefined}
    ${status === "withdrawn" ? html`<p>${words.withdrawn} ${words.nothingMore}</p>` : undefined}
    ${ground === undefined ? undefined : html`<p>${words.reason}: ${ground}</p>`}
    ${isAnswer || status === "denied" ? html`<p class="words">${request.privateData?.resolution}</p>` : undefined}
  </section>`
}

/** What can be done about an answer that does not give all that was asked for. */
const complaintOf = ({ mail, page: { request }, words }: Writer): Html | undefined => {
  const status = request.state.resolution?.status
  if (status !== "denied" && status !== "partially_completed" && status !== "no_records_found") return undefined
  return html`<section>
    <h2>${words.complaintTitle}</h2>
    <p>${mail.complaint}</p>
  </section>`
}

const sizeOf = (bytes: number, language: string): string => {
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 })
  if (bytes < 1000) return `${bytes} B`
  return bytes < 1e6 ? `${number.format(bytes / 1e3)} kB` : `${number.format(bytes / 1e6)} MB`
}

const filesOf = ({ page: { downloadsLeft, files }, words }: Writer): Html | undefined =>
  files.length === 0
    ? undefined
    : html`<section>
        <h2>${words.files}</h2>
        <ul>
          ${files.map(
            ({ file, fileName, size }) =>
              html`<li>
                <span>${fileName}<small>${sizeOf(size, words.language)}</small></span>
                ${downloadsLeft === 0 ? undefined : html`<form method="post"><input type="hidden" name="file" value="${file}" />${button("download", words.download)}</form>`}
              </li>`,
          )}
        </ul>
        <p class="soft">${words.downloadsLeft.replace("{count}", String(downloadsLeft))}</p>
      </section>`

const withdrawingOf = ({ page: { request }, words }: Writer): Html | undefined =>
  request.status === "resolved"
    ? undefined
    : html`<section>
        <details>
          <summary>${words.endIt}</summary>
          <p>${words.endsIt}</p>
          ${form(button("withdraw", words.withdraw, "quiet"))}
        </details>
      </section>`

const following = (writer: Writer): HtmlPart => [
  html`<h1>${writer.words.standing[writer.page.request.status]}</h1>`,
  resultOf(writer),
  filesOf(writer),
  complaintOf(writer),
  questionOf(writer),
  factsOf(writer),
  withdrawingOf(writer),
]

/** What the requester has just done, or that it is not possible any more. */
const doneOf = ({ did, words }: Writer): Html | undefined => {
  if (did === undefined) return undefined
  const done = { verify: words.confirmed, clarify: words.answered, withdraw: words.withdrawn }
  return html`<p class="note" role="status">${did.outcome === "done" ? done[did.action] : words.refused}</p>`
}

/** After a request was withdrawn by a link that does not open its page any more. */
const withdrawnOf = ({ words }: Writer): Html =>
  html`<h1>${words.withdrawn}</h1>
    <p>${words.nothingMore}</p>`

const policyOf = ({ organization: { privacyPolicyUrl }, words }: Writer): HtmlPart =>
  privacyPolicyUrl !== undefined && /^https?:\/\//i.test(privacyPolicyUrl)
    ? html` <a href="${privacyPolicyUrl}" rel="noreferrer">${words.privacyPolicy}</a>`
    : undefined

/** The page of a request. */
export const of = (input: RequesterPageInput): string => {
  const { organization, page, project } = input
  const wanted = LanguageLookup.ofProject(project, page.request.state.language)
  const words = PageLanguages.of(wanted)
  const format = { dateStyle: "long" } as const
  const days = new Intl.DateTimeFormat(words.language, { ...format, timeZone: "UTC" })
  const instants = new Intl.DateTimeFormat(words.language, { ...format, timeZone: organization.timeZone ?? "UTC" })
  const day = (value: Instant | CivilDate): string =>
    typeof value === "number" ? instants.format(value) : days.format(Date.parse(`${value}T00:00:00Z`))
  const writer: Writer = { ...input, words, mail: MailLanguages.of(wanted), day }
  const about = named(words.about, input)
  const isWithdrawn = page.way === "verify" && page.request.status === "resolved"
  const body = page.way === "follow" ? following(writer) : isWithdrawn ? withdrawnOf(writer) : verifying(writer)
  const main = html`<p class="about">${about}</p>
    ${isWithdrawn ? undefined : doneOf(writer)}${body}`
  return document(words, about, main, html`<p>${words.keepPrivate}${policyOf(writer)}</p>`)
}

/** The page of a link that opens nothing, the same whatever is wrong with it. `wanted`: tags of BCP 47. */
export const none = (wanted: ReadonlyArray<string>): string => {
  const words = PageLanguages.of(wanted)
  return document(
    words,
    words.noPage,
    html`<h1>${words.noPage}</h1>
      <p>${words.noPageWhy}</p>`,
    undefined,
  )
}
