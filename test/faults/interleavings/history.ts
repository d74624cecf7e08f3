/**
 * The requests and answers of a run, and what the store kept: the input of all checks.
 */
import type { Catalog, ListedType, ProjectScope } from "../../../core/model/Catalog.ts"
import type { DecisionLine } from "../../../core/formats/Exchange.ts"
import type { Instant } from "../../../core/engine/Instant.ts"
import type * as CatalogChange from "../../../core/catalog/CatalogChange.ts"
import type * as ConsentTypes from "../../../core/catalog/ConsentTypes.ts"
import type * as Identifying from "../../../core/people/Identifying.ts"
import type { Ledger } from "../../../core/Ledger.ts"
import type * as Admission from "../../../core/model/Admission.ts"
import type { Identifiers } from "../../../core/model/People.ts"
import type * as Recording from "../../../core/ledger/Recording.ts"
import type { Repeat } from "../../../core/ledger/Idempotency.ts"
import type * as PersonFacts from "../../../core/people/PersonFacts.ts"
import type * as Releasing from "../../../core/people/Releasing.ts"
import type * as Renaming from "../../../core/people/Renaming.ts"
import type * as Sessions from "../../../core/people/Sessions.ts"
import type { LedgerStore, StoredEvent } from "../../../core/ports/LedgerStore.ts"
import type { Following } from "./clients.ts"
import type { Commit, KeptStep } from "./faultyStore.ts"
import type { Story } from "./story.ts"

type Again = Exclude<Repeat, { _tag: "Repeated" }>
interface NoSession {
  readonly _tag: "NoSession"
}

/** The answers about the people of a question, each line with the person that it is about. */
export interface Read {
  readonly _tag: "Read"
  readonly lines: ReadonlyArray<DecisionLine>
}

/** The request and the answer of each kind. */
interface Kinds {
  readonly record: [asked: ReadonlyArray<Admission.Item>, answer: Recording.RecordOutcome | Again | NoSession]
  readonly visit: [asked: undefined, answer: Sessions.Opened | Again]
  readonly identify: [
    asked: { readonly signed: string; readonly guest: string },
    answer: Identifying.Identified | Identifying.IdentityTokenUsed | Again | NoSession,
  ]
  readonly undo: [asked: string, answer: PersonFacts.UndoOutcome | Repeat]
  readonly release: [asked: Identifiers, answer: Releasing.ReleaseOutcome | Repeat]
  readonly rename: [asked: Renaming.AccountName, answer: Renaming.RenameOutcome | Repeat]
  readonly publish: [asked: ConsentTypes.TypeChange, answer: CatalogChange.CatalogOutcome<ConsentTypes.ShownType>]
  readonly cancel: [asked: string, answer: CatalogChange.CatalogOutcome<ConsentTypes.ShownType>]
  readonly archive: [asked: ConsentTypes.TypeChange, answer: CatalogChange.CatalogOutcome<ConsentTypes.ShownType>]
  readonly create: [asked: ConsentTypes.TypeFields, answer: CatalogChange.CatalogOutcome<ListedType>]
  readonly remove: [asked: string, answer: CatalogChange.CatalogOutcome<ConsentTypes.ShownType>]
  /** Without an instant: now. */
  readonly ask: [asked: { readonly instant: Instant | undefined; readonly identifiers: Identifiers }, answer: Read]
  readonly list: [
    asked: undefined,
    answer: { readonly _tag: "Listed"; readonly total: number; readonly events: ReadonlyArray<StoredEvent> },
  ]
}

/** The result for the client: an answer, 503, or nothing. */
export type Reply<A> =
  | { readonly _tag: "Answered"; readonly value: A }
  | { readonly _tag: "Unavailable" }
  | { readonly _tag: "Lost" }

/** One try of a request. */
interface Sent<Kind extends keyof Kinds> {
  readonly kind: Kind
  /** The same for every try of a request. */
  readonly request: string
  readonly asked: Kinds[Kind][0]
  readonly invoked: number
  /** The turn of the answer, or at which the client gave up. */
  ended: number
  reply: Reply<Kinds[Kind][1]>
}

export type Kind = keyof Kinds
export type Asked<K extends Kind> = Kinds[K][0]
export type Answer<K extends Kind> = Kinds[K][1]
export type Deed<K extends Kind = Kind> = { [Each in K]: Sent<Each> }[K]

/** A request that was answered. */
export interface Acknowledged<K extends Kind> {
  readonly deed: Deed<K>
  readonly answer: Answer<K>
}

/** A run that is over. */
export interface Played {
  readonly story: Story
  readonly deeds: ReadonlyArray<Deed>
  /** What the store kept, in order. */
  readonly commits: ReadonlyArray<Commit>
  /** The steps of the change feed that the store kept, in order. */
  readonly steps: ReadonlyArray<KeptStep>
  /** What clients got of the change feed. */
  readonly followed: ReadonlyArray<Following>
  /** The catalog before the first turn. */
  readonly first: Catalog
  readonly site: ProjectScope
  /** The content of the store now. */
  readonly store: LedgerStore["Service"]
  /** A ledger over the store without faults. */
  readonly ledger: Ledger["Service"]
  /** The clock, by the turn from which on it showed an instant. */
  readonly clock: ReadonlyArray<readonly [turn: number, at: Instant]>
  /** The log of the run, one line for each step, in order. */
  readonly trace: ReadonlyArray<string>
  /** Failures of the run itself: a defect, or a request that waits for ever. */
  readonly failures: ReadonlyArray<string>
}

/**
 * With two servers an answer may not be final for its instant, because they do not see each other's changes that are
 * under way.
 */
export const isOneServer = ({ story }: Played): boolean => story.processes === 1

/** The answers to a kind of request. */
export const acknowledged = <K extends Kind>(
  { deeds }: Pick<Played, "deeds">,
  kind: K,
): ReadonlyArray<Acknowledged<K>> =>
  (deeds as ReadonlyArray<Deed<K>>).flatMap((deed) =>
    deed.kind === kind && deed.reply._tag === "Answered"
      ? [{ deed, answer: deed.reply.value as Answer<K> } as Acknowledged<K>]
      : [],
  )
