/**
 * Compliance facts: what happened to a compliance request, one after the other, never changed and never removed.
 *
 * A fact holds nothing personal, and no id of a person, session or consent event: it says that a note changed, never
 * what it says. So facts can be kept for ever, and tie nothing to a person that was erased.
 */
import type { CivilDate } from "./CivilDate.ts"
import type { RequestKind } from "./ClockPack.ts"

/** How a request ended. */
export const resolutionStatuses = [
  "completed",
  "partially_completed",
  "no_records_found",
  "denied",
  "withdrawn",
] as const

/** One of {@link resolutionStatuses}. */
export type ResolutionStatus = (typeof resolutionStatuses)[number]

/** Why a request was denied. */
export const denialGrounds = [
  "identity_not_shown",
  "no_match",
  "unfounded_or_excessive",
  "exempt",
  "others_rights",
  "not_covered",
  "duplicate",
  "other",
] as const

/** One of {@link denialGrounds}. */
export type DenialGround = (typeof denialGrounds)[number]

/** What one data system did about a request. */
export const taskResults = ["completed", "no_records", "refused"] as const

/** One of {@link taskResults}. */
export type TaskResult = (typeof taskResults)[number]

/** What became of handing a task to the connector of its data system. */
export const taskSendings = ["sent", "failed", "cancelled"] as const

/** One of {@link taskSendings}. */
export type TaskSending = (typeof taskSendings)[number]

/** How identity was shown: a code that was mailed, a signed token, staff that gives a reason, or before the request. */
export type VerificationMethod = "email" | "token" | "staff" | "preverified"

/**
 * Why a code showed no identity: it was not the one, it came too late, it was used or ended, or the address that it was
 * mailed to is shared by several accounts.
 */
export type FailedVerification = "wrong" | "expired" | "spent" | "shared"

/** How much an erasure destroyed: everything that ties to the person, or all but its identifiers and joins. */
export type ErasureScope = "full" | "held"

/**
 * Why the identifiers of a person are kept where it is erased: the exceptions of the GDPR, article 17(3), from (a) to
 * (e) with (b) and (c) apart, or another law's.
 */
export const erasureGrounds = [
  "expression",
  "legal_obligation",
  "public_health",
  "archiving",
  "legal_claim",
  "other",
] as const

/** One of {@link erasureGrounds}. */
export type ErasureGround = (typeof erasureGrounds)[number]

/** What staff is reminded of: that the due date is near, or that it is past. */
export const reminders = ["due_soon", "overdue"] as const

/** One of {@link reminders}. */
export type Reminder = (typeof reminders)[number]

/** A file of a request. */
export interface FileFact {
  readonly file: string
  /** SHA-256 of its bytes, lower-case hexadecimal. */
  readonly sha256: string
  readonly size: number
  readonly type: string
  /** From staff, or the package of everything that is held about the person. */
  readonly origin: "staff" | "package"
}

/** What was erased with a request. */
export interface ErasureOutcome {
  readonly erasure: string
  readonly scope: ErasureScope
  /** Only of the scope `held`. */
  readonly ground?: ErasureGround
  /** The number of rows that were destroyed, by what they hold. */
  readonly counts: Readonly<Record<string, number>>
  /** The columns that still hold something personal, by name. */
  readonly remaining: ReadonlyArray<string>
}

/** What each kind of fact says. */
export type FactBody =
  | {
      readonly kind: "opened"
      readonly request: RequestKind
      /** The reference of the clock pack: `clock:gdpr@2018-05`. */
      readonly clock: string
      /** The revision of the holidays that count for the request. */
      readonly calendar: number
      readonly receivedOn: CivilDate
      /** When it was received, in milliseconds: no later than it was recorded. */
      readonly receivedAt: number
      readonly channel: "site" | "server"
      readonly domain?: string
      readonly country?: string
      readonly identity: "needed" | "not_needed" | "preverified"
      /** BCP 47. */
      readonly language: string
      /** The ids of the data systems that have a task. */
      readonly tasks: ReadonlyArray<string>
      /** The data system of the ledger itself, one of {@link tasks}. */
      readonly ledgerTask: string
    }
  | { readonly kind: "verification_sent"; readonly verification: string; readonly expiresAt: number }
  | { readonly kind: "verification_failed"; readonly why: FailedVerification }
  | { readonly kind: "verified"; readonly method: VerificationMethod }
  | { readonly kind: "acknowledged" }
  | { readonly kind: "clarification_asked" }
  | { readonly kind: "clarified" }
  | { readonly kind: "extended" }
  | { readonly kind: "task_added"; readonly dataSystem: string }
  | {
      readonly kind: "task_done"
      readonly dataSystem: string
      readonly result: TaskResult
      readonly via: "staff" | "connector" | "ledger"
    }
  | { readonly kind: "task_undone"; readonly dataSystem: string }
  /** A task was handed to the connector of its data system, or was not taken. */
  | { readonly kind: "task_sent"; readonly dataSystem: string; readonly outcome: TaskSending }
  | ({ readonly kind: "file_attached" } & FileFact)
  | { readonly kind: "file_removed"; readonly file: string }
  | { readonly kind: "file_downloaded"; readonly file: string }
  | { readonly kind: "files_purged" }
  | { readonly kind: "opted_out"; readonly types: number; readonly events: number }
  | { readonly kind: "packaged"; readonly file: string; readonly sha256: string }
  | { readonly kind: "corrected"; readonly fields: ReadonlyArray<string> }
  | ({ readonly kind: "erased" } & ErasureOutcome)
  | { readonly kind: "noted" }
  | {
      readonly kind: "mailed"
      readonly mail: string
      /** The name of its text, such as `received`, `verification` or `clarification`. */
      readonly text: string
      readonly outcome: "sent" | "failed" | "bounced" | "cancelled"
    }
  | { readonly kind: "resolved"; readonly resolutionStatus: ResolutionStatus; readonly denialGround?: DenialGround }
  | { readonly kind: "reopened" }
  /** Of the due date `dueOn`; a later one has its own reminders. */
  | { readonly kind: "reminded"; readonly of: Reminder; readonly dueOn: CivilDate }
  | { readonly kind: "lapsed" }
  | { readonly kind: "purged"; readonly scope: "files" | "private" }

/** A kind of fact. */
export type FactKind = FactBody["kind"]

/**
 * What caused a fact: an API key (`key:<id>`), the person of a session, the requester by a code or link, a connector
 * (`connector:<data system>`), or Assent itself.
 */
export type Actor = `key:${string}` | `connector:${string}` | "visitor" | "requester" | "engine"

/** A fact of a request. */
export type ComplianceFact = FactBody & {
  /** UUIDv7. */
  readonly id: string
  readonly requestId: string
  /** 0, 1, 2 … without a gap in a request. */
  readonly ordinal: number
  /** When it was recorded, in milliseconds. */
  readonly at: number
  /** The same as a day in the organization's time zone, which was computed once and is kept. */
  readonly on: CivilDate
  readonly by: Actor
}
