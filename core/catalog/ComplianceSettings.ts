/**
 * The settings that compliance requests follow. Of an organization: its time zone, its holidays and its contact. Of a
 * project: its clock rules, the consent types that an opt-out declines, its staff, and how long requests are kept.
 */
import * as CivilDate from "../compliance/CivilDate.ts"
import * as PeriodOf from "../engine/Period.ts"
import type { Period } from "../engine/Period.ts"
import * as MailAddress from "../mail/MailAddress.ts"
import type { ClockRule, Organization, Project, ProjectTypes } from "../model/Catalog.ts"
import * as CatalogOf from "../model/Catalog.ts"
import * as ClockPacks from "../../rule-packs/clock/ClockPacks.ts"
import { defaultId, type SenderAddress } from "../model/SenderAddress.ts"
import type { CatalogFault } from "./CatalogChange.ts"

/** The settings of an organization that a request sets. `null` sets one back to its default. */
export interface OrganizationSettings {
  /** An IANA name. */
  readonly timeZone?: string | null | undefined
  /** At most `Catalog.maxHolidays`, in any order. */
  readonly holidays?: ReadonlyArray<string> | null | undefined
  /** An e-mail address, or a web address. */
  readonly privacyContact?: string | null | undefined
  /** A name with an address. */
  readonly representative?: string | null | undefined
}

/** The settings of a project that a request sets. `null` sets one back to its default. */
export interface ProjectSettings {
  readonly clockRules?: ReadonlyArray<ClockRule> | null | undefined
  readonly doNotSellTypes?: ReadonlyArray<string> | null | undefined
  readonly packageOnVerified?: boolean | null | undefined
  readonly optOutNeedsVerification?: boolean | null | undefined
  readonly contactEmails?: ReadonlyArray<string> | null | undefined
  /** The id of a sender of the organization. `null` or `SenderAddress.defaultId`: that of the server. */
  readonly sendFromEmailId?: string | null | undefined
  readonly filesKeptFor?: Period | null | undefined
  readonly requestsKeptFor?: Period | null | undefined
}

/** Whether a text is the name of a time zone that this server knows. An offset such as `+01:00` is not a name. */
const isTimeZone = (text: string): boolean => {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(text)) return false
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone.length > 0
  } catch {
    return false
  }
}

const tooMany = (field: string, list: ReadonlyArray<unknown>, most: number): ReadonlyArray<CatalogFault> =>
  list.length > most ? [{ field, code: "too_many", detail: `takes at most ${most}` }] : []

/** Whether a mail can be sent to a text. */
const isEmail = (text: string): boolean => MailAddress.parse(text) !== undefined

/** Whether a text is the address of a page, without credentials. */
const isPage = (text: string): boolean => {
  if (text.length > 2048 || !URL.canParse(text)) return false
  const { password, protocol, username } = new URL(text)
  return /^https?:$/.test(protocol) && username === "" && password === ""
}

/** The shortest and the longest period that a setting takes. */
const bounds = {
  filesKeptFor: ["P7D", "P1Y"],
  requestsKeptFor: ["P1M", "P10Y"],
} as const

/** The days of a period that begins on a day whose next month has 31 days. */
const daysOf = ({ days, months }: Period): number =>
  CivilDate.daysBetween(from, CivilDate.addMonths(from, months)) + days

const from = "2001-01-01"

/** What is wrong with a period: it is not of whole days, too short or too long. */
const periodFaults = (field: keyof typeof bounds, period: Period | null | undefined): ReadonlyArray<CatalogFault> => {
  if (period == null) return []
  const [least, most] = bounds[field]
  const [shortest, longest] = bounds[field].map((text) => daysOf(PeriodOf.parse(text)!)) as [number, number]
  const days = daysOf(period)
  const isTaken = period.millis === 0 && shortest <= days && days <= longest
  return isTaken
    ? []
    : [{ field, code: "invalid", detail: `expected whole days, months or years, ${least} to ${most}` }]
}

/** What is wrong with the settings of an organization. */
export const faultsOf = ({ holidays, privacyContact, timeZone }: OrganizationSettings): ReadonlyArray<CatalogFault> => [
  ...(timeZone == null || isTimeZone(timeZone)
    ? []
    : [{ field: "timeZone", code: "time_zone_not_valid", detail: "expected an IANA name, such as Europe/Berlin" }]),
  ...tooMany("holidays", holidays ?? [], CatalogOf.maxHolidays),
  ...(holidays ?? []).flatMap((day, index) =>
    CivilDate.parse(day) === undefined
      ? [{ field: `holidays/${index}`, code: "invalid", detail: "expected a date that exists, such as 2026-12-25" }]
      : [],
  ),
  ...(privacyContact == null || isEmail(privacyContact) || isPage(privacyContact)
    ? []
    : [{ field: "privacyContact", code: "invalid", detail: "expected one e-mail address, or an address of a page" }]),
]

/** What is wrong with the sender that the mails of a project are to come from. */
const senderFaults = (
  id: string | null | undefined,
  senders: ReadonlyArray<SenderAddress>,
): ReadonlyArray<CatalogFault> => {
  if (id == null || id === defaultId) return []
  const field = "sendFromEmailId"
  const sender = senders.find((each) => each.id === id)
  if (sender === undefined) return [{ field, code: "unknown_sender", detail: "is no sender of the organization" }]
  if (sender.status === "verified") return []
  return [{ field, code: "sender_not_verified", detail: "the sender is not verified: give the code that was mailed" }]
}

/** What is wrong with the settings of a project, given its consent types and the senders of its organization. */
export const faultsOfProject = (
  { clockRules, contactEmails, doNotSellTypes, filesKeptFor, requestsKeptFor, sendFromEmailId }: ProjectSettings,
  types: ProjectTypes | undefined,
  senders: ReadonlyArray<SenderAddress>,
): ReadonlyArray<CatalogFault> => [
  ...senderFaults(sendFromEmailId, senders),
  ...tooMany("clockRules", clockRules ?? [], CatalogOf.maxClockRules),
  ...(clockRules ?? []).flatMap(({ pack }, index) =>
    ClockPacks.find(pack) === undefined
      ? [{ field: `clockRules/${index}/pack`, code: "unknown_clock_pack", detail: "name one that comes with Assent" }]
      : [],
  ),
  ...tooMany("doNotSellTypes", doNotSellTypes ?? [], CatalogOf.maxDoNotSellTypes),
  ...(doNotSellTypes ?? []).flatMap((id, index) => {
    const type = types?.byId.get(id)
    const isKnown = type !== undefined && type.isRemoved !== true
    const fault = { field: `doNotSellTypes/${index}`, code: "unknown_consent_type" }
    return isKnown ? [] : [{ ...fault, detail: "is no consent type of the project" }]
  }),
  ...tooMany("contactEmails", contactEmails ?? [], CatalogOf.maxContactEmails),
  ...(contactEmails ?? []).flatMap((address, index) =>
    isEmail(address)
      ? []
      : [{ field: `contactEmails/${index}`, code: "email_not_valid", detail: "expected one e-mail address" }],
  ),
  ...periodFaults("filesKeptFor", filesKeptFor),
  ...periodFaults("requestsKeptFor", requestsKeptFor),
]

/** An organization with settings; those that are left out stay. */
export const withSettings = (
  before: Organization,
  {
    holidays = before.holidays ?? null,
    privacyContact = before.privacyContact ?? null,
    representative = before.representative ?? null,
    timeZone = before.timeZone ?? null,
  }: OrganizationSettings,
): Organization => {
  const { earlierHolidays: _, holidays: __, ...more } = before
  const { privacyContact: ___, representative: ____, timeZone: _____, ...organization } = more
  return {
    ...organization,
    ...(timeZone !== null && { timeZone }),
    ...(holidays !== null && holidays.length > 0 && { holidays: [...new Set(holidays)].toSorted() }),
    ...(privacyContact !== null && { privacyContact }),
    ...(representative !== null && { representative }),
  }
}

/** The settings of a project that are given, apart from its other members. */
export const split = <Fields extends ProjectSettings>(fields: Fields) => {
  const { clockRules, contactEmails, doNotSellTypes, filesKeptFor, requestsKeptFor, ...rest } = fields
  const { optOutNeedsVerification, packageOnVerified, sendFromEmailId, ...others } = rest
  const kept = { filesKeptFor, requestsKeptFor }
  const switches = { optOutNeedsVerification, packageOnVerified }
  const mails = { contactEmails, sendFromEmailId }
  const settings: ProjectSettings = { clockRules, doNotSellTypes, ...mails, ...switches, ...kept }
  return { settings, others }
}

/** A list without repetitions; `undefined` if it is empty. */
const listOf = (items: ReadonlyArray<string> | null): ReadonlyArray<string> | undefined =>
  items !== null && items.length > 0 ? [...new Set(items)] : undefined

/** Addresses as they are kept: with domains in ASCII. */
const addressesOf = (addresses: ReadonlyArray<string> | null) =>
  listOf(addresses === null ? null : addresses.map((address) => MailAddress.parse(address) ?? address))

/** A project with settings; those that are left out stay. */
export const withProjectSettings = (before: Project, given: ProjectSettings): Project => {
  const { others, settings } = split(before)
  const {
    clockRules = settings.clockRules ?? null,
    contactEmails = settings.contactEmails ?? null,
    doNotSellTypes = settings.doNotSellTypes ?? null,
    filesKeptFor = settings.filesKeptFor ?? null,
    optOutNeedsVerification = settings.optOutNeedsVerification ?? null,
    packageOnVerified = settings.packageOnVerified ?? null,
    requestsKeptFor = settings.requestsKeptFor ?? null,
    sendFromEmailId = settings.sendFromEmailId ?? null,
  } = given
  const [types, staff] = [listOf(doNotSellTypes), addressesOf(contactEmails)]
  return {
    ...others,
    ...(clockRules !== null && { clockRules }),
    ...(types !== undefined && { doNotSellTypes: types }),
    ...(staff !== undefined && { contactEmails: staff }),
    ...(sendFromEmailId !== null && sendFromEmailId !== defaultId && { sendFromEmailId }),
    ...(packageOnVerified === true && { packageOnVerified }),
    ...(optOutNeedsVerification === true && { optOutNeedsVerification }),
    ...(filesKeptFor !== null && { filesKeptFor }),
    ...(requestsKeptFor !== null && { requestsKeptFor }),
  }
}
