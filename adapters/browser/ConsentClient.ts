/**
 * The client of a page: the engine of the ledger over the events that the page knows. What a site calls, and what the
 * banner and the preference centre are made over.
 */
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import type { Decision } from "../../core/engine/Decision.ts"
import type { Evidence, Visit, VisitEvent, VisitType } from "../../core/browser/VisitAnswer.ts"

/**
 * The name of what is asked about: a type's UUID, `category/subcategory/label`, or a subcategory of `privacy_setting`,
 * of which all types must permit.
 */
export type Name = string

/** A choice about one type. */
export interface Choice {
  /** A UUID or `category/subcategory/label`. */
  readonly consentType: Name
  readonly consentState: Extract<ConsentState, "accepted" | "declined">
}

/** What the answer of a choice is: the events, and whether the server does not have them yet. */
export interface Recorded {
  readonly events: ReadonlyArray<VisitEvent>
  readonly queued: boolean
}

/** A type with the decision about it. */
export interface TypeDecision {
  readonly type: VisitType
  readonly decision: Decision
}

/** Why decisions changed. */
export type Cause = "choice" | "time" | "tab" | "server" | "identify" | "signal"

/** The details of events, by their names; also dispatched on `document` as `assent:<name>`. */
export interface Events {
  readonly ready: Record<never, never>
  readonly change: {
    readonly changed: ReadonlyArray<{ readonly name: Name; readonly permitted: boolean }>
    readonly cause: Cause
  }
  readonly shown: { readonly surface: Surface }
  readonly hidden: { readonly surface: Surface }
  /** An element is blocked, because something that it needs is not permitted. */
  readonly held: { readonly needs: ReadonlyArray<Name> }
  /** An element was let go. */
  readonly released: { readonly needs: ReadonlyArray<Name> }
  readonly error: { readonly code: string; readonly detail: string }
}

/** What can be shown. */
export type Surface = "banner" | "preferences" | "history"

/** Where local data is kept: in the browser, or in memory where the browser refuses. */
export interface Status {
  readonly version: string
  readonly region: string | undefined
  readonly phase: "cold" | "warm" | "decided" | "fresh"
  readonly storage: "local" | "memory" | "none"
  readonly online: boolean
  /** How many choices the server does not have yet. */
  readonly pending: number
  readonly signals: { readonly gpc: boolean }
  /** How many elements are blocked. */
  readonly held: number
}

/** One event of the person, for the history. */
export interface HistoryLine {
  readonly event: VisitEvent
  readonly type: VisitType | undefined
  /** Whether it decides now. */
  readonly decides: boolean
  readonly isPending: boolean
}

/** Shown to the server what a sign-in proves. */
export interface Identification {
  readonly type: "email" | "userId"
  readonly value: string
  readonly format?: "plain" | "hashed"
  readonly token: string
}

/** The client. Listeners that throw stop nothing. */
export interface ConsentClient {
  /** The decision now; false while it is unknown. */
  readonly permits: (name: Name) => boolean
  /** Runs once all names are permitted, at once or later, once for each change to yes. Returns how to stop that. */
  readonly when: (
    names: Name | ReadonlyArray<Name>,
    run: () => void,
    options?: { readonly stop?: () => void },
  ) => () => void
  /** The explained decision; `undefined` for an unknown name, or before the page has decided. */
  readonly decide: (name: Name) => Decision | undefined
  /** All types that can be asked, with their decisions; empty before the page has decided. */
  readonly decisions: () => ReadonlyArray<TypeDecision>
  /** Counts at once in the page; resolves when the server has the choices, or cannot have them now. */
  readonly record: (choices: ReadonlyArray<Choice>, evidence?: Evidence) => Promise<Recorded>
  readonly acceptAll: (evidence?: Evidence) => Promise<Recorded>
  readonly declineAll: (evidence?: Evidence) => Promise<Recorded>
  readonly withdraw: (names: Name | ReadonlyArray<Name>, evidence?: Evidence) => Promise<Recorded>
  readonly show: (surface: Surface) => void
  readonly hide: () => void
  readonly language: (tag: string) => Promise<void>
  readonly identify: (identification: Identification) => Promise<void>
  /** Ends the session and deletes what is on the device; the ledger keeps its record. */
  readonly forget: () => Promise<void>
  readonly history: () => Promise<ReadonlyArray<HistoryLine>>
  readonly status: () => Status
  readonly on: <Each extends keyof Events>(event: Each, listener: (detail: Events[Each]) => void) => () => void
  /** Whether some type that is not required must be asked, under the rules of the region. */
  readonly mustAsk: () => boolean
  /** What the server answered last; `undefined` before the first answer. */
  readonly visit: () => Visit | undefined
  /** The clock of the page, corrected by the server's. */
  readonly now: () => number
}
