/**
 * Whether an event may be recorded, and with which version and dates (semantics, section 1).
 *
 * A "no" is never refused for what it answers: whatever its version, whether its project or type is archived, whether
 * the type lists `declined`, and however late it comes. Only what cannot be understood is refused: a type that does not
 * exist, a date ahead of the clock, an expiration that is over before it begins.
 */
import type { ListedType, ProjectStatus, ProjectTypes } from "./Catalog.ts"
import { tripleKey } from "./Catalog.ts"
import type { ConsentAction, ConsentState } from "../engine/ConsentState.ts"
import * as ConsentType from "../engine/ConsentType.ts"
import * as Instant from "../engine/Instant.ts"
import * as Lapse from "../engine/Lapse.ts"
import type { Identifiers } from "./People.ts"

/** How far a `consentDate` may be ahead of the ledger's clock and still be taken for clock skew. */
export const clockSkewMaxMillis = 5 * 60 * 1000

/** What someone asks to have recorded, about one consent type; who it is about stands elsewhere. */
export interface Draft {
  /** The type by its id and/or by its triple; both must name the same one. */
  readonly consentType?: string
  readonly category?: string
  readonly subcategory?: string
  readonly label?: string
  readonly version?: number
  readonly consentState: ConsentState
  readonly consentAction: ConsentAction
  readonly consentDate?: Instant.Instant
  readonly expirationDate?: Instant.Instant
}

/** One event to record: a draft, and the person it is about. */
export interface Item extends Draft {
  readonly person: Identifiers
  /**
   * The caller's own id of the event, 1 to 128 characters. An event with an external id that is in use is not recorded
   * again.
   */
  readonly externalId?: string
}

/** Why an event is refused. Of a draft with several faults all are named, in this order. */
export type AdmissionCode =
  | "consent_type_missing"
  | "unknown_consent_type"
  | "consent_type_mismatch"
  | "consent_type_not_active"
  | "project_not_active"
  | "state_not_valid"
  | "unknown_version"
  | "consent_date_in_future"
  | "expiration_not_after_consent"

/** One fault of a draft: its code, the field it is in, and what to do about it. */
export interface AdmissionFault {
  readonly code: AdmissionCode
  readonly field: keyof Draft
  readonly detail: string
}

/** A draft that may be recorded, its left-out fields filled in. */
export interface Admitted {
  readonly type: ListedType
  readonly version: number
  readonly consentState: ConsentState
  readonly consentAction: ConsentAction
  readonly consentDate: Instant.Instant
  readonly expirationDate: Instant.Instant | undefined
}

/** The type of a triple; for a refusal also one that was deleted. */
const typeOfTriple = (triple: string, draft: Draft, types: ProjectTypes): ListedType | undefined =>
  types.byTriple.get(triple) ?? (draft.consentState === "declined" ? types.removedByTriple.get(triple) : undefined)

/** The type that a draft names, or why it names none. */
const findType = (draft: Draft, types: ProjectTypes): ListedType | AdmissionFault => {
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
  if (field === undefined) return byId
  const detail = `the consent type with this id has another ${field}; leave one of the two out`
  return { code: "consent_type_mismatch", field, detail }
}

/** What is wrong between a draft and the type it names. A refusal answers any type, whatever has become of it. */
const typeFaults = (
  draft: Draft,
  type: ListedType,
  projectStatus: ProjectStatus,
  now: Instant.Instant,
): ReadonlyArray<AdmissionFault> => {
  if (draft.consentState === "declined") return []
  const faults: Array<AdmissionFault> = []
  if (projectStatus === "archived") {
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
  if (draft.version !== undefined && !isPublished(type, draft.version, dateOf(draft, now))) {
    const detail = "the consent type had not published this version at consentDate"
    faults.push({ code: "unknown_version", field: "version", detail })
  }
  return faults
}

const dateFaults = (draft: Draft, now: Instant.Instant): ReadonlyArray<AdmissionFault> => {
  const faults: Array<AdmissionFault> = []
  if (draft.consentDate !== undefined && draft.consentDate > now + clockSkewMaxMillis) {
    const detail = "is more than 5 minutes ahead of the ledger's clock"
    faults.push({ code: "consent_date_in_future", field: "consentDate", detail })
  }
  if (draft.expirationDate !== undefined && draft.expirationDate <= (draft.consentDate ?? now)) {
    const detail = "must be after consentDate"
    faults.push({ code: "expiration_not_after_consent", field: "expirationDate", detail })
  }
  return faults
}

/** The `consentDate` that is recorded: left out, or ahead of the clock by skew, it is now. */
const dateOf = (draft: Draft, now: Instant.Instant): Instant.Instant => Math.min(draft.consentDate ?? now, now)

/**
 * Whether a version could be answered at `consentDate`. Version 1 is always there, as the first text shown before any
 * was published.
 */
export const isPublished = (type: ListedType, version: number, consentDate: Instant.Instant): boolean =>
  version === 1 || type.versions.some((known) => known.version === version && known.publishedAt <= consentDate)

/**
 * Admits a draft at `now`, the instant that becomes its `dateCreated`, or names every fault it has. A `consentDate`
 * ahead of `now` by no more than {@link clockSkewMaxMillis} is recorded as `now`.
 */
export const admit = (
  draft: Draft,
  types: ProjectTypes,
  projectStatus: ProjectStatus,
  now: Instant.Instant,
): Admitted | ReadonlyArray<AdmissionFault> => {
  const type = findType(draft, types)
  const isFound = !("code" in type)
  const faults = [...(isFound ? typeFaults(draft, type, projectStatus, now) : [type]), ...dateFaults(draft, now)]
  if (!isFound || faults.length > 0) return faults
  const consentDate = dateOf(draft, now)
  const { expirationDate } = draft
  return {
    type,
    version: draft.version ?? ConsentType.versionAt(type, consentDate),
    consentState: draft.consentState,
    consentAction: draft.consentAction,
    consentDate,
    expirationDate: Lapse.recordedExpiration(
      expirationDate === undefined ? { consentDate } : { consentDate, expirationDate },
      type.consentDuration ?? null,
    ),
  }
}
