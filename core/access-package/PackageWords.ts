/**
 * The words of `index.html`, the page of an access package that a person reads, in one language.
 */
import type { RequestKind } from "../compliance/ClockPack.ts"
import type { ResolutionStatus } from "../compliance/ComplianceFact.ts"
import type { ComplianceStatus } from "../compliance/ComplianceState.ts"
import type { ConsentAction, ConsentState } from "../engine/ConsentState.ts"
import type { Status } from "../engine/Outcome.ts"
import type { Alias } from "../model/People.ts"

/** The lists of a package, each a section of the page and a file. */
export type PackageList = "answers" | "history" | "identifiers" | "profile" | "sessions" | "requests" | "files"

/** The heading of a section, and one sentence about it. */
export interface SectionWords {
  readonly heading: string
  readonly about: string
}

/** The words of one language. */
export interface PackageWords {
  /** BCP 47, lower case. */
  readonly language: string
  readonly eyebrow: string
  readonly title: (organization: string) => string
  readonly lead: (organization: string) => string
  readonly labels: {
    readonly request: string
    readonly received: string
    readonly prepared: string
    readonly what: string
    readonly answer: string
    readonly since: string
    readonly until: string
    readonly date: string
    readonly recorded: string
    readonly where: string
    readonly kind: string
    readonly website: string
    readonly region: string
    readonly address: string
    readonly browser: string
    readonly ends: string
    readonly status: string
    readonly outcome: string
    readonly file: string
    readonly size: string
    readonly content: string
  }
  readonly nothing: SectionWords
  readonly sections: { readonly [List in PackageList]: SectionWords }
  /** Said in a section without items. */
  readonly empty: string
  /** Said where not all items are on the page. */
  readonly partOf: (shown: string, all: string, file: string) => string
  readonly joined: (people: string) => string
  readonly erased: string
  readonly statuses: { readonly [Of in Status]: string }
  readonly states: { readonly [Of in ConsentState]: string }
  readonly actions: { readonly [Of in ConsentAction]: string }
  /** `unknown`: an earlier version of the ledger kept no kind. */
  readonly identifiers: { readonly [Kind in Alias["kind"] | "unknown"]: string }
  readonly requests: { readonly [Kind in RequestKind]: string }
  readonly requestStatuses: { readonly [Of in ComplianceStatus]: string }
  readonly outcomes: { readonly [Of in ResolutionStatus]: string }
  readonly contents: SectionWords
  /** What each file is, by its name; `files/` is the folder. */
  readonly entries: { readonly [Name in EntryName]: string }
  readonly absent: {
    readonly heading: string
    readonly about: (organization: string) => string
    readonly policy: string
  }
  readonly rights: SectionWords
}

/** The names of the files of every package, in their order; `files/` stands for the documents. */
export const entryNames = [
  "events.ndjson",
  "decisions.json",
  "consent-types.json",
  "identifiers.json",
  "profile.json",
  "personal-data.json",
  "sessions.json",
  "joins.json",
  "compliance-requests.json",
  "erasures.json",
  "systems.json",
  "files/",
  "index.html",
  "manifest.json",
] as const

/** One of {@link entryNames}. */
export type EntryName = (typeof entryNames)[number]
