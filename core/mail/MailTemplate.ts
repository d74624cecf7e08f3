/**
 * Renders a mail: the words of a template in the best language there is, with values in the place of placeholders.
 *
 * A value is text and nothing else. It has no control characters when it is filled in, so it can neither begin a header
 * nor a line of its own where one line is expected, and braces in it are not filled in again.
 */
import type { CivilDate } from "../compliance/CivilDate.ts"
import type { RequestKind } from "../compliance/ClockPack.ts"
import type { DenialGround, ResolutionStatus } from "../compliance/ComplianceFact.ts"
import type { Instant } from "../engine/Instant.ts"
import * as ChosenWords from "./ChosenWords.ts"
import * as MailHtml from "./MailHtml.ts"
import type { MailTemplate, MailWords, MailPlaceholder } from "./MailWords.ts"

/** What a mail says. A paragraph that needs a value that is left out is left out as well. */
export interface MailValues {
  /** The name of the organization. */
  readonly organization: string
  /** The name of the project. This and the next two are left out in a mail that is about no compliance request. */
  readonly project?: string
  readonly request?: RequestKind
  readonly requestId?: string
  /** The code that shows identity. */
  readonly code?: string
  /** An address of the web, `http` or `https`. */
  readonly link?: string
  /** Until when code or link count. */
  readonly expires?: Instant
  /** The IANA name of the zone in which `expires` is written. Left out: UTC. */
  readonly timeZone?: string
  readonly dueDate?: CivilDate
  /** Words of staff: why, or what is to be clarified. */
  readonly reason?: string
  /** Why a request was denied; it is the reason in words, where none is given. */
  readonly denialGround?: DenialGround
  readonly resolutionStatus?: ResolutionStatus
  /** Words of staff for the requester. */
  readonly resolution?: string
  readonly privacyPolicyUrl?: string
}

/** The words of a mail. */
export interface MailText {
  /** One line. */
  readonly subject: string
  readonly text: string
  readonly html: string
  /** The language that it is in: BCP 47. */
  readonly language: string
}

/** Characters that no value has: controls, separators of lines, and those that change the direction of a text. */
const unwanted = /[\p{Cc}\u2028\u2029\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]+/gu

const oneLine = (value: string): string => value.toWellFormed().replace(unwanted, " ").trim()

/** A name that is always there; a dash for one of which nothing can be shown. */
const nameOf = (value: string): string => oneLine(value) || "–"

/** The most characters of a name in a subject, because mail programs cut longer ones. */
const subjectNameLength = 80

const shorten = (name: string): string => {
  const characters = Array.from(name)
  return characters.length <= subjectNameLength ? name : `${characters.slice(0, subjectNameLength - 1).join("")}…`
}

const lines = (value: string): string =>
  value
    .split(/\r\n?|\n/)
    .map(oneLine)
    .join("\n")
    .trim()

/** Formats by language and time zone. Making one takes longer than the rest of a mail. */
const formats = new Map<string, Intl.DateTimeFormat>()

const formatOf = (language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
  const name = `${language} ${options.dateStyle ?? ""} ${options.timeZone}`
  const known = formats.get(name)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat(language, options)
  formats.set(name, made)
  return made
}

const dayOf = (date: CivilDate, { language }: Pick<MailWords, "language">): string =>
  formatOf(language, { dateStyle: "long", timeZone: "UTC" }).format(Date.parse(`${date}T00:00:00Z`))

const timeOf = (instant: Instant, timeZone: string, { language }: Pick<MailWords, "language">): string => {
  const day = { year: "numeric", month: "long", day: "numeric" } as const
  const time = { hour: "numeric", minute: "2-digit", timeZoneName: "short" } as const
  return formatOf(language, { ...day, ...time, timeZone }).format(instant)
}

/** Whether a mail says what the requester can do about an answer: not where everything asked for was done. */
const isContestable = (template: MailTemplate, { resolutionStatus }: MailValues): boolean =>
  template === "denied" ||
  template === "extended" ||
  (resolutionStatus !== undefined && resolutionStatus !== "completed" && resolutionStatus !== "withdrawn")

/** Whether a mail goes to the contact addresses of a project, and not to the requester. */
const isOfStaff = (template: MailTemplate): boolean => template.startsWith("staff_")

/** What stands in the place of placeholders. */
type Texts = { readonly [Name in MailPlaceholder]?: string } & Record<"organization", string>

/** The texts of placeholders; those without one are left out. */
const textsOf = (template: MailTemplate, values: MailValues, chosen: ChosenWords.ChosenWords): Texts => {
  const { denialGround, dueDate, expires, project, request, requestId, timeZone = "UTC" } = values
  const { resolutionStatus: status } = values
  const { words } = chosen
  const reason = values.reason ?? (denialGround && words.grounds[denialGround])
  const isOutcome = status !== undefined && status !== "denied" && status !== "withdrawn"
  return {
    organization: nameOf(values.organization),
    ...(project !== undefined && { project: nameOf(project) }),
    ...(request !== undefined && { request: (isOfStaff(template) ? words.staffRequests : words.requests)[request] }),
    ...(requestId !== undefined && { requestId: nameOf(requestId) }),
    ...(values.code !== undefined && { code: oneLine(values.code) }),
    ...(values.link !== undefined && { link: oneLine(values.link) }),
    ...(expires !== undefined && { expires: timeOf(expires, timeZone, chosen) }),
    ...(dueDate !== undefined && { dueDate: dayOf(dueDate, chosen) }),
    ...(reason !== undefined && { reason: lines(reason) }),
    ...(isOutcome && { outcome: words.outcomes[status] }),
    ...(values.resolution !== undefined && { resolution: lines(values.resolution) }),
    ...(values.privacyPolicyUrl !== undefined && { privacyPolicyUrl: oneLine(values.privacyPolicyUrl) }),
    ...(isContestable(template, values) && { complaint: words.complaint }),
  }
}

const placeholder = /\{([A-Za-z]+)\}/

/** A paragraph with texts for its placeholders; `undefined` if one has none. */
const fill = (
  paragraph: string,
  texts: { readonly [Name in MailPlaceholder]?: string },
): MailHtml.MailParagraph | undefined => {
  // Every second part is the name of a placeholder.
  const parts = paragraph.split(placeholder).map((part, index) => {
    if (index % 2 === 0) return { kind: "text", text: part } as const
    const text = texts[part as MailPlaceholder]
    const kind = part === "link" || part === "privacyPolicyUrl" ? "link" : part === "code" ? "code" : "text"
    return text === undefined || text === "" ? undefined : ({ kind, text } as const)
  })
  return parts.includes(undefined) ? undefined : parts.flatMap((part) => part ?? [])
}

const plain = (paragraphs: ReadonlyArray<MailHtml.MailParagraph>): string =>
  paragraphs.map((parts) => parts.map(({ text }) => text).join("")).join("\n\n")

/** Writes a mail with words that were chosen for it. */
export const write = (template: MailTemplate, chosen: ChosenWords.ChosenWords, values: MailValues): MailText => {
  const { direction, language, paragraphs, subject, words } = chosen
  const texts = textsOf(template, values, chosen)
  const filled = (all: ReadonlyArray<string>) =>
    all.flatMap((each) => [fill(each, texts) ?? []].filter((a) => a.length))
  const body = filled(paragraphs)
  const footer = filled(isOfStaff(template) ? words.staffFooter : words.footer)
  const { organization, project } = texts
  const names = { organization: shorten(organization), ...(project !== undefined && { project: shorten(project) }) }
  const title = oneLine(plain([fill(subject, { ...texts, ...names }) ?? []]))
  return {
    subject: title,
    text: `${plain([...body, ...footer])}\n`,
    html: MailHtml.of({ title, language, direction, body, footer }),
    language,
  }
}

/**
 * Writes a mail with the words that come with Assent. `language`: BCP 47; where there are no words in it, those of a
 * wider one, or English.
 */
export const render = (template: MailTemplate, language: string, values: MailValues): MailText =>
  write(template, ChosenWords.choose(template, [language], []), values)
