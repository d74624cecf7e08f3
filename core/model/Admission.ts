/**
 * Whether an event may be recorded, and with which version and dates (semantics, section 1).
 *
 * A declined event is rejected only if its type does not exist. It is recorded whatever its version and its dates, even
 * if its project or type is archived, the type does not list `declined`, or it arrives late: a date that would be
 * refused is replaced or left out, and what was claimed is kept with the event.
 */
import type { Evidence } from "../browser/VisitAnswer.ts"
import type { ListedType, Project, ProjectTypes } from "./Catalog.ts"
import { tripleKey } from "./Catalog.ts"
import type { ConsentAction, ConsentState } from "../engine/ConsentState.ts"
import * as ConsentType from "../engine/ConsentType.ts"
import * as EarliestDate from "./EarliestDate.ts"
import * as Instant from "../engine/Instant.ts"
import * as Lapse from "../engine/Lapse.ts"
import type { Identifiers } from "./People.ts"

/** By how many milliseconds a `consentDate` may be later than the ledger's clock and still be treated as clock skew. */
export const clockSkewMaxMillis = 5 * 60 * 1000

/** How old the `consentDate` of an item may be that a browser sends about its own visitor. */
export const visitorMaxAgeMillis = 30 * 24 * 60 * 60 * 1000

/** An event to record about one consent type, without the person it is about. */
export interface Draft {
  /**
   * The id of the type. Its triple (the next three fields) may be given instead; if both are, they must name the same
   * type.
   */
  readonly consentType?: string
  readonly category?: string
  readonly subcategory?: string
  readonly label?: string
  readonly version?: number
  /** The language of the text that was shown, a canonical tag of BCP 47. Evidence only: it changes no answer. */
  readonly language?: string
  /** How the choice came about. It changes no answer. */
  readonly evidence?: Evidence
  readonly consentState: ConsentState
  readonly consentAction: ConsentAction
  readonly consentDate?: Instant.Instant
  /** Whether `consentDate` may lie in the first two months of 1970: see `EarliestDate`. */
  readonly allowEarly?: boolean
  readonly expirationDate?: Instant.Instant
  /**
   * Whether a browser sends it about its own visitor. Its `consentDate` may be at most {@link visitorMaxAgeMillis} old,
   * and a refusal is recorded without a version that its type does not have.
   */
  readonly isVisitors?: true
}

/** One event to record: a draft, and the person it is about. */
export interface Item extends Draft {
  readonly person: Identifiers
  /**
   * The caller's own id of the event, 1 to 128 characters, unique for the submitter in the project. The same event with
   * it is not recorded again.
   */
  readonly externalId?: string
  /** The members that were given and could not be read; only a declined event is recorded without them. */
  readonly leftOut?: ReadonlyArray<string>
}

/** Why an event is rejected. If a draft has several faults, all of them are reported, in this order. */
export type AdmissionCode =
  | "consent_type_missing"
  | "unknown_consent_type"
  | "consent_type_mismatch"
  | "consent_type_not_active"
  | "project_not_active"
  | "state_not_valid"
  | "unknown_version"
  | "consent_date_in_future"
  | "consent_date_too_early"
  | "expiration_not_after_consent"

/** One fault of a draft: its code, the field it is in, and what is expected instead. */
export interface AdmissionFault {
  readonly code: AdmissionCode
  readonly field: keyof Draft
  readonly detail: string
}

/** A draft that may be recorded, with the fields that it left out filled in. */
export interface Admitted {
  readonly type: ListedType
  readonly version: number
  readonly language?: string
  readonly evidence?: Evidence
  readonly consentState: ConsentState
  readonly consentAction: ConsentAction
  readonly consentDate: Instant.Instant
  readonly expirationDate: Instant.Instant | undefined
  /** The `consentDate` of a refusal that was replaced, because it is later than the clock, or too early. */
  readonly claimedConsentDate?: Instant.Instant
  /** The `expirationDate` of a refusal that was left out, because it is not after its `consentDate`. */
  readonly claimedExpirationDate?: Instant.Instant
  /** Whether it is a refusal whose `consentDate` is the clock's now, because it was left out or replaced. */
  readonly isDatedByLedger?: true
}

/**
 * The two instants at which a draft is recorded. `clock` is the clock's now. `recordedAt` becomes the `dateCreated`: it
 * is later than the clock after a clock that was ahead, because `dateCreated` never goes back inside a lane.
 */
export interface Instants {
  readonly clock: Instant.Instant
  readonly recordedAt: Instant.Instant
}

/** The members of a project that decide whether an event may be recorded. */
export type ProjectTerms = Pick<Project, "earliestConsentDate" | "status">

/** Whether two states of a project admit the same events. */
export const isSameTerms = (one: ProjectTerms, other: ProjectTerms): boolean =>
  one.status === other.status && one.earliestConsentDate === other.earliestConsentDate

/** The type with a triple. A declined event may also name one that was deleted. */
const typeOfTriple = (triple: string, draft: Draft, types: ProjectTypes): ListedType | undefined =>
  types.byTriple.get(triple) ?? (draft.consentState === "declined" ? types.removedByTriple.get(triple) : undefined)

/** The type that a draft names, or the fault if it names none. Of two that a refusal names, it is the one of the id. */
export const findType = (draft: Draft, types: ProjectTypes): ListedType | AdmissionFault => {
  const { consentType, category, subcategory, label } = draft
  const hasTriple = category !== undefined && subcategory !== undefined && label !== undefined
  const byTriple = hasTriple ? typeOfTriple(tripleKey(category, subcategory, label), draft, types) : undefined
  if (consentType === undefined) {
    if (!hasTriple) {
      const detail = "name the consent type by its id, or by category, subcategory and label together"
      return { code: "consent_type_missing", field: "consentType", detail }
    }
    const detail = "this project has no consent type with this category, subcategory and label"
    return byTriple ?? { code: "unknown_consent_type", field: "category", detail }
  }
  const byId = types.byId.get(consentType)
  if (byId === undefined) {
    const detail = "this project has no consent type with this id"
    return { code: "unknown_consent_type", field: "consentType", detail }
  }
  const differs = (field: "category" | "subcategory" | "label") =>
    draft[field] !== undefined && draft[field] !== byId[field]
  const field = (["category", "subcategory", "label"] as const).find(differs)
  if (field === undefined || draft.consentState === "declined") return byId
  const detail = `the consent type with this id has another ${field}; leave one of the two out`
  return { code: "consent_type_mismatch", field, detail }
}

/**
 * The faults of a draft that depend on the type it names. A declined event has none, whatever the status of the type.
 */
const typeFaults = (
  draft: Draft,
  type: ListedType,
  project: ProjectTerms,
  instants: Instants,
): ReadonlyArray<AdmissionFault> => {
  if (draft.consentState === "declined") return []
  const faults: Array<AdmissionFault> = []
  if (project.status === "archived") {
    const detail = "the project is archived and takes only declined"
    faults.push({ code: "project_not_active", field: "consentState", detail })
  }
  if (type.status === "archived" || type.status === "obsolete") {
    const detail = `the consent type is ${type.status} and takes only declined`
    faults.push({ code: "consent_type_not_active", field: "consentType", detail })
  }
  if (!type.validStates.includes(draft.consentState)) {
    const detail = `the consent type takes ${type.validStates.join(", ")}`
    faults.push({ code: "state_not_valid", field: "consentState", detail })
  }
  if (draft.version !== undefined && !isPublished(type, draft.version, dateOf(draft, project, instants))) {
    const detail = "the consent type had not published this version at consentDate"
    faults.push({ code: "unknown_version", field: "version", detail })
  }
  return faults
}

/** Whether a draft expires no later than the date it is given, or the one it is recorded with. */
const isExpired = (draft: Draft, project: ProjectTerms, instants: Instants): boolean => {
  const { consentDate = instants.clock, expirationDate } = draft
  return expirationDate !== undefined && expirationDate <= Math.max(consentDate, dateOf(draft, project, instants))
}

/** The faults of a draft's dates. A declined event has none, because its dates are corrected. */
const dateFaults = (draft: Draft, project: ProjectTerms, instants: Instants): ReadonlyArray<AdmissionFault> => {
  if (draft.consentState === "declined") return []
  const faults: Array<AdmissionFault> = []
  if (draft.consentDate !== undefined && draft.consentDate > instants.clock + clockSkewMaxMillis) {
    const detail = "is more than 5 minutes ahead of the ledger's clock"
    faults.push({ code: "consent_date_in_future", field: "consentDate", detail })
  }
  const tooEarly = earlyFaultOf(draft, project, instants)
  if (tooEarly !== undefined) {
    faults.push({ code: "consent_date_too_early", field: "consentDate", detail: tooEarly })
  }
  if (isExpired(draft, project, instants)) {
    const detail = "must be after consentDate"
    faults.push({ code: "expiration_not_after_consent", field: "expirationDate", detail })
  }
  return faults
}

/** The members of a draft that its date follows from. */
export type Dated = Pick<Draft, "consentState" | "consentDate" | "allowEarly" | "isVisitors">

/** What to do about a `consentDate` that is too early; `undefined` for one that is believed. */
const earlyFaultOf = (draft: Dated, project: ProjectTerms, { clock }: Pick<Instants, "clock">): string | undefined => {
  const { consentDate = clock, isVisitors } = draft
  const isTooOld = isVisitors === true && consentDate < clock - visitorMaxAgeMillis
  return isTooOld ? "is more than 30 days ago" : EarliestDate.faultOf(draft, project)
}

/** Whether a draft is a refusal without a `consentDate` that can be recorded. */
export const isDatedByLedger = (draft: Dated, project: ProjectTerms, { clock }: Pick<Instants, "clock">): boolean => {
  const { consentDate, consentState } = draft
  if (consentState !== "declined") return false
  return consentDate === undefined || consentDate > clock || earlyFaultOf(draft, project, { clock }) !== undefined
}

/** The `consentDate` to record; the clock's now if it was left out. */
const dateOf = (draft: Draft, project: ProjectTerms, instants: Instants): Instant.Instant =>
  isDatedByLedger(draft, project, instants)
    ? instants.clock
    : Math.min(draft.consentDate ?? instants.clock, instants.recordedAt)

/**
 * Whether a version could be answered at `consentDate`. Version 1 always exists, as the text that was shown before any
 * version was published.
 */
export const isPublished = (type: ListedType, version: number, consentDate: Instant.Instant): boolean =>
  version === 1 || type.versions.some((known) => known.version === version && known.publishedAt <= consentDate)

/** The version to record: the one that was given, unless it is of a browser's refusal and its type does not have it. */
const versionOf = (draft: Draft, type: ListedType, consentDate: Instant.Instant): number => {
  const { isVisitors, version } = draft
  const isKept = version !== undefined && (isVisitors !== true || isPublished(type, version, consentDate))
  return isKept ? version : ConsentType.versionAt(type, consentDate)
}

const expirationOf = (
  type: ListedType,
  consentDate: Instant.Instant,
  expirationDate: Instant.Instant | undefined,
): Instant.Instant | undefined =>
  Lapse.recordedExpiration(
    expirationDate === undefined ? { consentDate } : { consentDate, expirationDate },
    type.consentDuration ?? null,
  )

/**
 * Admits a draft, or returns all of its faults. A `consentDate` later than the clock by at most
 * {@link clockSkewMaxMillis} is recorded no later than its `dateCreated`; that of a refusal is recorded as the clock's
 * now, however far ahead it is, so that the refusal counts at once. So is that of a refusal that is too early, because
 * it would be placed before every yes.
 */
export const admit = (
  draft: Draft,
  types: ProjectTypes,
  project: ProjectTerms,
  instants: Instants,
): Admitted | ReadonlyArray<AdmissionFault> => {
  const type = findType(draft, types)
  const isFound = !("code" in type)
  const faults = [
    ...(isFound ? typeFaults(draft, type, project, instants) : [type]),
    ...dateFaults(draft, project, instants),
  ]
  if (!isFound || faults.length > 0) return faults
  const consentDate = dateOf(draft, project, instants)
  const isLeftOut = isExpired(draft, project, instants)
  return {
    type,
    version: versionOf(draft, type, consentDate),
    ...(draft.language !== undefined && { language: draft.language }),
    ...(draft.evidence !== undefined && { evidence: draft.evidence }),
    consentState: draft.consentState,
    consentAction: draft.consentAction,
    consentDate,
    expirationDate: expirationOf(type, consentDate, isLeftOut ? undefined : draft.expirationDate),
    ...(isLeftOut && { claimedExpirationDate: draft.expirationDate! }),
    ...(isDatedByLedger(draft, project, instants) && {
      isDatedByLedger: true,
      ...(draft.consentDate !== undefined && { claimedConsentDate: draft.consentDate }),
    }),
  }
}

/** An admitted refusal as of a later `consentDate`, without what was claimed. */
export const asOf = (
  { consentAction, consentState, evidence, expirationDate, language, type, version }: Admitted,
  consentDate: Instant.Instant,
): Admitted => ({
  type,
  version,
  ...(language !== undefined && { language }),
  ...(evidence !== undefined && { evidence }),
  consentState,
  consentAction,
  consentDate,
  expirationDate: expirationOf(
    type,
    consentDate,
    expirationDate !== undefined && expirationDate > consentDate ? expirationDate : undefined,
  ),
})
