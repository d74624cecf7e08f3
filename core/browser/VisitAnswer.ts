/**
 * What `GET` and `POST …/visit` answer: everything that a page needs in one round trip. Instants are
 * `YYYY-MM-DDTHH:mm:ss.sssZ`.
 */
import type { ConsentState, ConsentAction } from "../engine/ConsentState.ts"
import type { RegionSettings, PageTexts } from "./Region.ts"

/** A version of a type, as in types.json. */
export interface VisitVersion {
  readonly version: number
  readonly publishedAt: string
  readonly dateCreated: string
  readonly requireReaccept: boolean
  readonly grace?: string
}

/** A consent type that the visitor can be asked, with its texts in one language. */
export interface VisitType {
  readonly id: string
  readonly category: string
  readonly subcategory: readonly [string]
  readonly label: string
  /** The number of the version in force, whose texts these are. */
  readonly version: number
  /** Not shown as a choice, and never asked. */
  readonly required: boolean
  readonly validStates: ReadonlyArray<ConsentState>
  readonly name: string
  readonly description: string
  readonly url?: string
  /** The language of its texts, where it is not that of the answer. */
  readonly language?: string
  readonly consentDuration?: string
  /** The rules of the type itself, as in types.json. */
  readonly rules?: unknown
  readonly versions: ReadonlyArray<VisitVersion>
}

/** The region of the visitor. */
export interface VisitRegion extends RegionSettings {
  readonly id: string
  readonly name: string
  /** Where the visitor is (ISO 3166-2); left out where it is not known. */
  readonly geography?: string
}

/** The address of a script file, and the hash that a browser checks it by (Subresource Integrity). */
export interface ScriptFile {
  /** Relative to the address of the project's Site API, `/site-v1/{projectId}`, and beginning with a slash. */
  readonly src: string
  readonly integrity: string
}

/** The script files that a page loads when it needs them. */
export interface ScriptFiles {
  readonly client: ScriptFile
  /** What the client needs once a person has acted, or may be known. */
  readonly later: ScriptFile
  readonly banner: ScriptFile
  readonly preferences: ScriptFile
}

/** What a page needs before any act; answered to anyone. */
export interface Visit {
  /**
   * The server's clock when the answer was made. A browser may have kept the answer of `GET`, so the time may be later
   * by now, and never earlier.
   */
  readonly at: string
  /** Grows with each change of the published configuration and of the consent types. */
  readonly revision: number
  readonly region: VisitRegion
  /** What the request said by itself: `Sec-GPC: 1`. */
  readonly signals: { readonly gpc: boolean }
  /** The rules of the region, as in rules.json, laid over those of the types. */
  readonly ruleSet: ReadonlyArray<unknown>
  readonly types: ReadonlyArray<VisitType>
  readonly trackers: ReadonlyArray<unknown>
  readonly texts: PageTexts
  /** The languages that texts are there in. */
  readonly languages: ReadonlyArray<string>
  readonly client: ScriptFiles
}

/** How a choice came about: kept with the event, and shown to owners, admins and the person. At most 2 KiB as JSON. */
export interface Evidence {
  readonly surface?: "banner" | "preferences" | "history" | "embed" | "page" | "signal" | "time" | "adopted"
  readonly layout?: "bar" | "box" | "inline"
  /** SHA-256 of the texts that were shown, lower-case hexadecimal. */
  readonly textHash?: string
  /** Whether the browser's Global Privacy Control was on: only of an acceptance that was confirmed in spite of it. */
  readonly gpc?: boolean
  readonly signal?: "gpc"
  /** The id of the region under whose settings it was asked. */
  readonly region?: string
}

/** A choice as a page sends it. */
export interface VisitItem {
  /** The id of the type. */
  readonly consentType: string
  readonly consentState: ConsentState
  readonly consentAction: Exclude<ConsentAction, "import">
  /** A random UUID: the same again records nothing. */
  readonly externalId: string
  /** When it was chosen, by the page's clock. */
  readonly consentDate: string
  /** The version whose text was shown. */
  readonly version?: number
  /** The language of the text that was shown. */
  readonly language?: string
  readonly evidence?: Evidence
}

/** The body of `POST …/visit`. */
export interface VisitRequest {
  /**
   * A random UUID, which the page makes for its first act and keeps until it is answered: so a request that is sent
   * again, because its answer was lost, is about the same visitor.
   */
  readonly contextId?: string
  /** The token of a session that the page has. */
  readonly session?: string
  /** The revision that the page has: where it is the present one, the members of {@link Visit} are left out. */
  readonly revision?: number
  readonly language?: string
  /** The page's clock when the request was sent: the dates of items are shifted by the difference to the server's. */
  readonly sentAt: string
  readonly items?: ReadonlyArray<VisitItem>
}

/** An event as the engine of the page reads it: an event object of events.ndjson, with at least these members. */
export interface VisitEvent {
  readonly id: string
  readonly concordId: string
  readonly consentType: string
  readonly version: number
  readonly consentState: ConsentState
  readonly consentAction: ConsentAction
  readonly consentDate: string
  readonly dateCreated: string
  readonly expirationDate?: string
  /** The caller's own id, of an event of this page. */
  readonly externalId?: string
  readonly evidence?: Evidence
}

/** What `POST …/visit` answers besides the members of {@link Visit}, which are there where the revision differs. */
export interface VisitActed extends Partial<Omit<Visit, "at" | "revision">> {
  readonly at: string
  readonly revision: number
  /** The token for `x-session`. */
  readonly session: string
  /** The id of the session. */
  readonly id: string
  /**
   * Left out where the session that was sent goes on, and where a new one was opened and the server keeps it in a
   * cookie that scripts cannot read: then the page forgets its own.
   */
  readonly contextId?: string
  readonly concordId: string
  readonly expiresAt: string
  /** At most four events a type: enough for every decision from now on (semantics, section 2). */
  readonly heads: ReadonlyArray<VisitEvent>
  /** The recorded events in the order of the items; empty where none were sent. */
  readonly items: ReadonlyArray<VisitEvent>
}
