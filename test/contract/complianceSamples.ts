/** Sample compliance requests for the clauses of the contract: their facts, rows, private rows and keys. */
import { Effect } from "effect"
import type { RequestKind } from "../../core/compliance/ClockPack.ts"
import type { ComplianceFact, FactBody } from "../../core/compliance/ComplianceFact.ts"
import * as ComplianceState from "../../core/compliance/ComplianceState.ts"
import type * as Lane from "../../core/model/Lane.ts"
import type {
  ComplianceWrite,
  PrivateRow,
  RequestChange,
  RequestKey,
  StoredRequest,
} from "../../core/ports/ComplianceStore.ts"
import * as FoldedRequest from "../../core/ports/FoldedRequest.ts"
import type { Sealed } from "../../core/ports/Sealed.ts"
import { hash, organization, project, type Store, t0, uuid } from "./samples.ts"

/** Another project of the organization, and one of another organization. */
export const second: Lane.Owner = { number: 2, lanes: 3 }
export const elsewhere: Lane.Owner = { number: 7, lanes: 16 }

/** The ids of requests, in different lanes and in the same: 1 and 17 share one. */
export const idOf = (n: number): string => uuid(0x7000 + n)

export const stamped = (n: number, ordinal: number, body: FactBody, at: number): ComplianceFact => ({
  ...body,
  id: uuid(0x80_000 + n * 0x100 + ordinal),
  requestId: idOf(n),
  ordinal,
  at,
  on: "2024-01-31",
  by: ordinal === 0 ? "visitor" : "key:k",
})

export const opening = (kind: RequestKind, over: object = {}): FactBody => ({
  kind: "opened",
  request: kind,
  clock: "clock:gdpr@2018-05",
  calendar: 1,
  receivedOn: "2024-01-31",
  receivedAt: t0,
  channel: "site",
  identity: "not_needed",
  language: "en",
  tasks: ["ledger"],
  ledgerTask: "ledger",
  ...over,
})

/** What a request is made of: the bodies of its facts, with the instant of each. */
export interface Story {
  readonly n: number
  readonly bodies: ReadonlyArray<FactBody>
  /** The instant of the first fact; each later one is one millisecond after the one before. */
  readonly at?: number
  readonly dueOn?: string
  readonly sweepOn?: string
}

/** The change that adds the last facts of a story, from an ordinal on. */
export const changeOf = (
  { at = t0, bodies, dueOn, n, sweepOn }: Story,
  before = 0,
  over: Partial<Pick<RequestChange, "key" | "private" | "mails" | "files">> = {},
): RequestChange => {
  const facts = bodies.map((body, ordinal) => stamped(n, ordinal, body, at + ordinal))
  const { sweepOn: _, ...row } = FoldedRequest.of(idOf(n), ComplianceState.fold(facts)!, dueOn)
  return { before, facts: facts.slice(before), row: { ...row, ...(sweepOn !== undefined && { sweepOn }) }, ...over }
}

export const writeOf = (
  requests: ReadonlyArray<RequestChange>,
  over: Partial<ComplianceWrite> = {},
): ComplianceWrite => ({
  project,
  organization,
  requests,
  ...over,
})

export const story = (n: number, ...later: ReadonlyArray<FactBody>): Story => ({
  n,
  bodies: [opening("view"), ...later],
})

export const key = (first: number, epoch = 1): RequestKey => ({
  epoch,
  wrapped: Uint8Array.from({ length: 40 }, (_, index) => first + index),
})

export const sealed = (text: string): Sealed => ({
  nonce: new Uint8Array(12).fill(text.length),
  encrypted: new Uint8Array(new TextEncoder().encode(text)),
})

export const full: PrivateRow = {
  opener: uuid(5),
  session: uuid(0xd0),
  subject: uuid(6),
  emailHash: hash(7),
  sealed: sealed("what is personal"),
}

export const noted: FactBody = { kind: "noted" }
export const acknowledged: FactBody = { kind: "acknowledged" }
export const denied: FactBody = { kind: "resolved", resolutionStatus: "denied", denialGround: "other" }

export const stored = ({ row }: RequestChange, of: Lane.Owner = project): StoredRequest => ({
  ...row,
  project: of.number,
})

/** Erases people of the organization, without a join. */
export const erase = Effect.fnUntraced(function* (store: Store, members: ReadonlyArray<string>) {
  const seen = yield* Effect.forEach(members, (concordId) =>
    Effect.map(store.people.person(organization, concordId), ({ revision }) => ({ concordId, revision })),
  )
  return yield* store.personal.erase({
    id: uuid(0xe01),
    recordedAt: erasedAt,
    organization,
    projects: [project, second],
    catalog: (yield* store.catalog.current).revision,
    members,
    seen,
    submitter: uuid(0xc0),
    reason: "request",
  })
})

/** When {@link erase} erases. */
export const erasedAt = t0 + 1
