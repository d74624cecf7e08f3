/** A ledger as the worlds of the laws use it, by whatever way; and by the library. */
import { Clock, Effect, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { ConsentState } from "../../../core/engine/ConsentState.ts"
import type { Instant } from "../../../core/engine/Instant.ts"
import type { Status } from "../../../core/engine/Outcome.ts"
import * as Ledger from "../../../core/Ledger.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import type { Identifiers } from "../../../core/model/People.ts"
import type { Session } from "../../../core/ports/LedgerStore.ts"
import * as Intake from "../../../core/transfer/Intake.ts"
import { wholePerson } from "../wholePerson.ts"

/** An item as it is sent. `project` and `type` are names. */
export interface Sent {
  readonly project: string
  readonly person: Identifiers
  readonly type: string
  readonly consentState: ConsentState
  readonly consentDate?: Instant
  readonly externalId?: string
}

/** An event, and the person that it was recorded for. */
export interface Reference {
  readonly id: string
  readonly concordId: string
}

/** The answer to an item: its event, those of further people, and the contact points that were left out. */
export interface Acknowledged extends Reference {
  readonly consentDate: Instant
  readonly dateCreated: Instant
  readonly alsoRecordedFor: ReadonlyArray<Reference>
  readonly leftOut: ReadonlyArray<string>
}

/** The answers to the items of a request; or the codes of what is wrong, by the index of the item. */
export type Recorded =
  | { readonly items: ReadonlyArray<Acknowledged> }
  | { readonly refused: ReadonlyArray<{ readonly item: number; readonly code: string }> }

/** A file that is imported. Each row has another `expirationDate`, by which its events are found. */
export interface ImportFile {
  readonly rows: ReadonlyArray<Sent & { readonly expirationDate: Instant }>
  readonly sharedContacts: "refuse" | "leave-out"
  readonly blockSize: number
}

/** What was imported: the events of each row, and the codes of the rows that were refused. */
export interface Imported {
  readonly events: ReadonlyArray<Reference & { readonly row: number; readonly dateCreated: Instant }>
  readonly refused: ReadonlyArray<{ readonly item: number; readonly code: string }>
  readonly recorded: number
  readonly alsoRecorded: number
}

/** An answer about a person: the decision about each type, by the name of the type. */
export interface Answered {
  readonly concordId: string | undefined
  readonly at: Instant
  readonly knownAt: Instant
  readonly decisions: Readonly<
    Record<string, { readonly status: Status; readonly permitted: boolean; readonly event: string | undefined }>
  >
}

/** A fact about the identity of a person, as answers about people list it. */
export interface ListedFact {
  readonly id: string
  readonly kind: string
  readonly dateCreated: Instant
  readonly member: string
  readonly survivor: string
  readonly join?: string
}

/** A visitor's session. */
export interface Visitor {
  readonly concordId: string
  /** Left out where visitors are not identified. */
  readonly session?: Session
}

/** The people that were erased together. */
export interface ErasedPeople {
  readonly erasedAt: Instant
  readonly members: ReadonlyArray<string>
}

/** What was asked: at which instants. */
export interface Instants {
  readonly at?: Instant
  readonly knownAt?: Instant
}

export interface Surface {
  readonly now: Effect.Effect<Instant>
  readonly wait: (millis: number) => Effect.Effect<void>
  readonly record: (
    items: ReadonlyArray<Sent>,
    sharedContacts: "refuse" | "leave-out",
    idempotencyKey?: string,
  ) => Effect.Effect<Recorded, unknown>
  readonly import: (file: ImportFile) => Effect.Effect<Imported, unknown>
  readonly ask: (project: string, by: Identifiers, instants: Instants) => Effect.Effect<Answered, unknown>
  /** The ids of the events of a person, and of everyone it is joined with. */
  readonly list: (project: string, concordId: string) => Effect.Effect<ReadonlyArray<string>, unknown>
  readonly visit: Effect.Effect<Visitor, unknown>
  /** Identifies a visitor; returns its next session. */
  readonly identify: (visitor: Visitor, proven: Identifiers) => Effect.Effect<Visitor, unknown>
  readonly facts: (concordId: string) => Effect.Effect<ReadonlyArray<ListedFact>, unknown>
  readonly undo: (concordId: string, factId: string) => Effect.Effect<void, unknown>
  /** Releases an identifier of a project; returns when that was recorded, `undefined` if it names no one. */
  readonly release: (project: string, identifier: Identifiers) => Effect.Effect<Instant | undefined, unknown>
  /** Renames an account; returns when that was recorded, `undefined` if it was refused or had been done. */
  readonly rename: (userId: string, newUserId: string) => Effect.Effect<Instant | undefined, unknown>
  /** Erases a person; returns when that was recorded, and everyone erased with it. Left out where no one is erased. */
  readonly erase?: (concordId: string) => Effect.Effect<ErasedPeople, unknown>
}

/** The answer of an outcome with a tag, or a defect. */
export const expected = <Outcome extends { readonly _tag: string }, Tag extends Outcome["_tag"]>(
  outcome: Outcome,
  tag: Tag,
): Effect.Effect<Extract<Outcome, { _tag: Tag }>> =>
  outcome._tag === tag
    ? Effect.succeed(outcome as Extract<Outcome, { _tag: Tag }>)
    : Effect.die(new Error(`${outcome._tag}: ${JSON.stringify(outcome)}`))

/** The scopes of two projects with the two types of the worlds, by name. */
export const scopesOf = Effect.gen(function* () {
  const ledger = yield* Ledger.Ledger
  const { organization, project: first } = Option.getOrThrow(yield* ledger.found)
  const fields = { name: "Second", domains: ["localhost"] }
  const made = yield* ledger.setup.createProject(organization, fields, { answer: () => "" })
  const { value: second } = yield* expected(made, "Changed")
  for (const label of ["newsletter", "analytics"]) {
    const scope = Option.getOrThrow(yield* ledger.projectScope(second.id))
    const type = { category: "custom", subcategory: "test", label, name: "A type" } as const
    yield* expected(yield* ledger.setup.createType(scope, type, { answer: () => "" }), "Changed")
  }
  const scopeOf = (id: string) => Effect.map(ledger.projectScope(id), Option.getOrThrow)
  return { p: yield* scopeOf(first.id), q: yield* scopeOf(second.id) } as Readonly<Record<string, ProjectScope>>
})

/** The id of the type with a label. */
export const typeIn = ({ types }: ProjectScope, label: string): string =>
  types.all.find((each) => each.label === label)!.id

const oneHour = 3_600_000

/** A ledger by its library, under a clock that the test sets. */
export const library = Effect.gen(function* () {
  const ledger = yield* Ledger.Ledger
  const scopes = yield* scopesOf
  const first = scopes["p"]!
  let proofs = 0
  const record: Surface["record"] = Effect.fnUntraced(function* (items, sharedContacts, key) {
    const scope = scopes[items[0]!.project]!
    const outcome = yield* ledger.record({
      ...scope,
      submitter: "test",
      items: items.map(({ type, ...item }) => ({
        ...item,
        consentType: typeIn(scope, type),
        consentAction: "import" as const,
      })),
      ...(sharedContacts === "leave-out" && { sharedContacts }),
      ...(key !== undefined && {
        idempotency: { key, caller: "test", credential: "", content: JSON.stringify(items) },
      }),
    })
    if (outcome._tag === "Refused") return { refused: outcome.violations }
    const { alsoRecordedFor, events, leftOut } = yield* expected(outcome, "Recorded")
    return {
      items: events.map(({ concordId, consentDate, dateCreated, id }, index) => ({
        id,
        consentDate,
        concordId,
        dateCreated,
        alsoRecordedFor: alsoRecordedFor.get(index) ?? [],
        leftOut: leftOut.get(index) ?? [],
      })),
    }
  })
  const importFile: Surface["import"] = Effect.fnUntraced(function* ({ blockSize, rows, sharedContacts }) {
    const scope = scopes[rows[0]!.project]!
    const refused: Array<{ readonly item: number; readonly code: string }> = []
    const lines = rows.map(({ consentDate, consentState, expirationDate, person, type }, index): Intake.FileRow => {
      const value = {
        ...person,
        consentType: typeIn(scope, type),
        consentState,
        consentAction: "import",
        consentDate: new Date(consentDate!).toISOString(),
        expirationDate: new Date(expirationDate).toISOString(),
      }
      return { line: index, text: JSON.stringify(value), value }
    })
    const intake: Intake.Intake = {
      ...scope,
      submitter: "test",
      isRestore: false,
      blockSize,
      report: (found) => Effect.sync(() => refused.push(...found.map(({ code, line }) => ({ item: line, code })))),
      ...(sharedContacts === "leave-out" && { sharedContacts }),
    }
    const { alsoRecorded = 0, recorded } = yield* Intake.run(Stream.fromIterable([lines]), intake, ledger)
    const reading = yield* ledger.export(scope, {})
    const events: Array<Imported["events"][number]> = []
    for (let page = yield* reading.next; page !== undefined; page = yield* reading.next) {
      for (const { concordId, dateCreated, expirationDate, id } of page.events) {
        const row = rows.findIndex((each) => each.expirationDate === expirationDate)
        if (row >= 0) events.push({ id, concordId, dateCreated, row })
      }
    }
    return { events, refused, recorded, alsoRecorded }
  })
  const ask: Surface["ask"] = Effect.fnUntraced(function* (project, by, instants) {
    const scope = scopes[project]!
    const { _tag, ...found } = yield* expected(yield* ledger.find(scope, by), "Found")
    const { concordId, items } = yield* ledger.decisions({ ...scope, ...found, ...instants })
    const decisions = items.map(({ decision: { event, permitted, status }, type }) => {
      const { id } = event ?? { id: undefined }
      return [type.label, { status, permitted, event: id }] as const
    })
    const { at, knownAt } = items[0]!.decision
    return { concordId, at, knownAt, decisions: Object.fromEntries(decisions) }
  })
  const visit = Effect.gen(function* () {
    const opened = yield* ledger.openSession({ ...first, ipAddress: "", domain: "localhost" })
    const { session } = yield* expected(opened, "Opened")
    return { concordId: session.concordId, session }
  })
  const identify: Surface["identify"] = Effect.fnUntraced(function* ({ session }, proven) {
    const [[kind, value]] = Object.entries(proven) as [["userId", string]]
    const alias = Option.getOrThrow(yield* ledger.aliasOf(first, { kind, value, isHashed: false }))
    const now = yield* Clock.currentTimeMillis
    const evidence = { kind, issuedAt: now, expiresAt: now + oneHour }
    const outcome = yield* ledger.identify({
      ...first,
      session: session!,
      alias,
      evidence,
      signed: `proof ${proofs++}`,
    })
    const { token } = yield* expected(outcome, "Identified")
    const next = Option.getOrThrow(yield* ledger.liveSession(first.project, token))
    return { concordId: next.concordId, session: next }
  })
  return {
    now: Clock.currentTimeMillis,
    wait: (millis) => TestClock.adjust(millis),
    record,
    import: importFile,
    ask,
    list: (project, concordId) =>
      Effect.gen(function* () {
        const page = yield* ledger.list(scopes[project]!, "test", { concordId, limit: 100 })
        return (yield* expected(page, "Listed")).items.map(({ id }) => id)
      }),
    visit,
    identify,
    facts: (concordId) =>
      Effect.map(wholePerson(first.organization, concordId), ({ facts }) => facts).pipe(
        Effect.provideService(Ledger.Ledger, ledger),
      ),
    undo: Effect.fnUntraced(function* (concordId, factId) {
      const undoing = { concordId, factId, submitter: "test", answer: () => "" }
      yield* expected(yield* ledger.undoJoin(first.organization, undoing), "Undone")
    }),
    release: Effect.fnUntraced(function* (project, given) {
      const [[kind, value]] = Object.entries(given) as [["userId", string]]
      const outcome = yield* ledger.releaseIdentifier(first.organization, {
        identifier: { kind, value, project: scopes[project]!.project },
        reason: "the number changed hands",
        submitter: "test",
        answer: () => "",
      })
      return outcome._tag === "NotNamed" ? undefined : (yield* expected(outcome, "Released")).fact.dateCreated
    }),
    rename: Effect.fnUntraced(function* (userId, newUserId) {
      const renaming = { items: [{ userId, newUserId }], submitter: "test", answer: () => "" }
      const outcome = yield* ledger.renameAccounts(first.organization, renaming)
      if (outcome._tag === "Refused") return undefined
      const [account] = (yield* expected(outcome, "Renamed")).accounts
      return account!.isRepeated ? undefined : account!.renamedAt
    }),
    erase: Effect.fnUntraced(function* (concordId) {
      const erasing = { concordId, submitter: first.organization.id, reason: "request" } as const
      const { erasure } = yield* expected(yield* ledger.erase(first.organization, erasing), "Erased")
      return { erasedAt: erasure.recordedAt, members: erasure.members }
    }),
  } satisfies Surface as Surface
})
