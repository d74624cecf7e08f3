/**
 * What is wrong with requests to open, and what they leave out.
 *
 * A no is never refused: where an opt-out has something that cannot be used, it is opened without it, unless it then
 * names no one.
 */
import * as Identifiers from "../ledger/Identifiers.ts"
import type { Instant } from "../engine/Instant.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import * as EmailAddress from "../model/EmailAddress.ts"
import * as LanguageTag from "../model/LanguageTag.ts"
import type * as People from "../model/People.ts"
import * as PageOrigins from "../catalog/PageOrigins.ts"
import type { NewRequest, Opener, OpeningViolation } from "./ComplianceOpening.ts"
import * as OptOut from "./OptOut.ts"
import * as RequestClock from "./RequestClock.ts"

/** What a request is opened with, besides what was asked. */
export interface Checked {
  readonly receivedAt: Instant
  readonly language: string
  /** The reference of the clock pack. */
  readonly pack: string
  readonly geography: string | undefined
  readonly captureUrl: string | undefined
  /** The typed e-mail address in the form in which addresses are compared. */
  readonly email: string | undefined
  /** Of an opt-out: its people. */
  readonly people: ReadonlyArray<People.Identifiers>
  /** Those of them that were known before anything was typed: the others may have to wait for identity. */
  readonly known: ReadonlyArray<People.Identifiers>
}

type Violation = Omit<OpeningViolation, "item">

/** The language of requests that state none, where the project states none either. */
const defaultLanguage = "en"

/** Whether a page is one of the project's, so that its address may be returned in mails. */
const isOfProject = (url: string, { project }: ProjectScope): boolean => {
  if (!URL.canParse(url)) return false
  const { origin, password, protocol, username } = new URL(url)
  const isPlain = /^https?:$/.test(protocol) && username === "" && password === ""
  return isPlain && PageOrigins.nameOf(origin, project) !== undefined
}

const identifierFaults = ({ subject = {} }: NewRequest): ReadonlyArray<Violation> => {
  if (Object.keys(subject).length === 0) return []
  const normalized = Identifiers.normalize(subject)
  return "faults" in normalized
    ? normalized.faults.map(({ detail, field }) => ({ code: "identifier_not_valid", field, detail }))
    : []
}

const subjectFaults = (given: NewRequest, opener: Opener): ReadonlyArray<Violation> => {
  const { isPreverified = false, request, subject = {} } = given
  const mayName = opener._tag === "Key" && (isPreverified || request === "do_not_sell")
  const [field] = Object.keys(subject)
  if (field === undefined || mayName) return request === "do_not_sell" ? [] : identifierFaults(given)
  const detail = "names the subject only where identity was shown before: add preverified, or leave it out"
  return [{ code: "subject_needs_preverified", field, detail }]
}

/** The people of an opt-out. */
const peopleOf = ({ request, subject = {}, user: { email, phoneNumber } }: NewRequest, opener: Opener) => {
  if (request !== "do_not_sell") return { people: [], known: [] }
  const typed = { ...(email !== undefined && { email }), ...(phoneNumber !== undefined && { phoneNumber }) }
  const known = opener._tag === "Visitor" ? { concordId: opener.session.concordId } : subject
  return { people: OptOut.peopleOf({ known, typed }), known: OptOut.peopleOf({ known, typed: {} }) }
}

const emailNotValid: Violation = {
  code: "email_not_valid",
  field: "user/email",
  detail: "expected one e-mail address, without invisible and special characters",
}

/** One request, or what is wrong with it. */
const checkOne = (
  given: NewRequest,
  scope: ProjectScope,
  opener: Opener,
  now: Instant,
): Checked | ReadonlyArray<Violation> => {
  const { captureUrl, regulation, request, requestDate = now, user } = given
  const usual = scope.project.languages?.default ?? defaultLanguage
  const isOptOut = request === "do_not_sell"
  const geography = given.geography ?? (opener._tag === "Visitor" ? opener.session.geography : undefined)
  const pack = regulation ?? RequestClock.choose(scope.project, request, geography)
  const tag = LanguageTag.canonical(given.language ?? usual)
  const isPageKnown = captureUrl === undefined || isOfProject(captureUrl, scope)
  const email = user.email === undefined ? undefined : EmailAddress.normalize(user.email)
  const { known, people } = peopleOf(given, opener)
  const isUnreadable = user.email !== undefined && email === undefined
  const faults: Array<Violation> = [...subjectFaults(given, opener)]
  if (isOptOut ? people.length === 0 : isUnreadable) faults.push(emailNotValid)
  if (requestDate > now) {
    const detail = "must not be later than now"
    faults.push({ code: "request_date_in_future", field: "requestDate", detail })
  }
  if (RequestClock.find(pack, request) === undefined) {
    const detail = "name a clock pack that comes with Assent, such as clock:gdpr@2018-05, or leave it out"
    faults.push({ code: "unknown_clock_pack", field: "regulation", detail })
  }
  if (!isOptOut && tag === undefined) {
    faults.push({ code: "language_not_valid", field: "language", detail: LanguageTag.expected })
  }
  if (!isOptOut && !isPageKnown) {
    const detail = "expected an address of a page of the project, http or https"
    faults.push({ code: "capture_url_not_of_project", field: "captureUrl", detail })
  }
  if (faults.length > 0) return faults
  return {
    receivedAt: requestDate,
    language: tag ?? usual,
    pack,
    geography,
    captureUrl: isPageKnown ? captureUrl : undefined,
    email,
    people,
    known,
  }
}

/** What all requests are opened with, in the order given; or everything that is wrong with any of them. */
export const check = (
  items: ReadonlyArray<NewRequest>,
  scope: ProjectScope,
  opener: Opener,
  now: Instant,
): { readonly checked: ReadonlyArray<Checked> } | { readonly violations: ReadonlyArray<OpeningViolation> } => {
  const all = items.map((item) => checkOne(item, scope, opener, now))
  const violations = all.flatMap((each, item) => ("pack" in each ? [] : each.map((fault) => ({ item, ...fault }))))
  return violations.length > 0 ? { violations } : { checked: all.flatMap((each) => ("pack" in each ? [each] : [])) }
}
