/**
 * Random compliance requests on a ledger: people answer, are identified, ask and are erased, and staff works on what
 * they ask. Few people, addresses and instants, so that they meet.
 */
import { Clock, Effect, Option } from "effect"
import * as fc from "fast-check"
import { requestKinds } from "../../../core/compliance/ClockPack.ts"
import { denialGrounds, resolutionStatuses } from "../../../core/compliance/ComplianceFact.ts"
import { statuses } from "../../../core/compliance/ComplianceState.ts"
import type { NewRequest, Opener } from "../../../core/compliance-requests/ComplianceOpening.ts"
import { id as ledgerTask } from "../../../core/data-systems/LedgerSystem.ts"
import type { WorkChange } from "../../../core/compliance-requests/ComplianceWork.ts"
import * as Ledger from "../../../core/Ledger.ts"
import * as LedgerContext from "../../../core/ledger/LedgerContext.ts"
import type { Project, ProjectScope } from "../../../core/model/Catalog.ts"
import type { Identifiers } from "../../../core/model/People.ts"
import * as Surface from "../people/surface.ts"
import * as SentCodes from "./sentCodes.ts"

const day = 86_400_000

/** What people are known by. No two kinds name the same person at first. */
export const identifiers: ReadonlyArray<Identifiers> = [
  { email: "a@example.com" },
  { email: "b@example.com" },
  { phoneNumber: "+4915112345678" },
  { userId: "account" },
]

const anyUser = fc.record(
  {
    email: fc.constantFrom("a@example.com", "B@example.com", "no address"),
    phoneNumber: fc.constantFrom("+4915112345678", "+4915112345679", "1"),
    firstName: fc.constant("Ada"),
  },
  { requiredKeys: [] },
)

const given = <T>(values: ReadonlyArray<T>) => fc.constantFrom(...values)

const anyRequest: fc.Arbitrary<NewRequest> = fc.record(
  {
    request: fc.oneof(given(requestKinds), fc.constant("do_not_sell" as const)),
    user: anyUser,
    requestDetails: fc.constant("please"),
    notes: fc.constant("a note"),
    isPreverified: fc.boolean(),
    regulation: given(["clock:gdpr@2018-05", "clock:ccpa@2023-03", "clock:none@1", "clock:unknown@1"]),
    externalId: given(["1", "2"]),
    subject: fc.constant({ userId: "account" }),
  },
  { requiredKeys: ["request", "user"] },
)

const reason = fc.record({ reason: given(["because", " "]) })

const anyChange: fc.Arbitrary<WorkChange> = fc.record(
  {
    notes: given(["", "another"]),
    verify: reason,
    tasks: fc.constant([{ dataSystem: ledgerTask, isCompleted: true }]),
    clarification: given(["ask", "done"] as const),
    extension: reason,
    reopen: reason,
    status: given(statuses),
    resolution: given(["", "done"]),
    resolutionStatus: given(resolutionStatuses),
    denialGround: given(denialGrounds),
  },
  { requiredKeys: [] },
)

/** A person that asks for everything to be erased, and is answered. */
const anyDelete = fc.record({
  do: fc.constant("delete" as const),
  of: given(identifiers),
  resolutionStatus: given(["completed", "completed", "partially_completed"] as const),
})

/** A requester that shows its identity, or fails to: by the code or link that was mailed last, or by a token. */
const anyVerify = fc.record({
  do: fc.constant("verify" as const),
  on: fc.nat(5),
  by: fc.nat(2),
  way: given(["code", "link", "token", "wrong"] as const),
  of: given(["a@example.com", "b@example.com"]),
  kind: fc.oneof(given(requestKinds), fc.constant("do_not_sell" as const)),
})

/** What happens. Requests, visitors and people are named by small numbers, modulo how many there are. */
export const anyStep = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("open" as const), request: anyRequest, by: fc.nat(2) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("work" as const), on: fc.nat(5), change: anyChange }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("answer" as const),
      of: given(identifiers),
      type: given(["newsletter", "analytics"]),
      consentState: given(["accepted", "declined"] as const),
    }),
  },
  { weight: 4, arbitrary: anyVerify },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("visit" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("identify" as const), by: fc.nat(2), of: given(identifiers.slice(0, 2)) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("withdraw" as const), on: fc.nat(5), by: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), days: given([0, 1, 31, 100, 800]) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("erase" as const), of: given(identifiers) }) },
  { weight: 1, arbitrary: anyDelete },
)

/** One step. */
export type Step = typeof anyStep extends fc.Arbitrary<infer S> ? S : never

/** Steps of which the last one is about a person that is known. */
export const anySteps: fc.Arbitrary<ReadonlyArray<Step>> = fc
  .tuple(fc.array(anyStep, { minLength: 6, maxLength: 16 }), anyDelete)
  .map(([steps, last]) => {
    const answer = { do: "answer", of: last.of, type: "newsletter", consentState: "accepted" } as const
    return [...steps, answer, last]
  })

/** A ledger whose first project has settings and opts people out of its newsletter, and its visitors. */
export const makeWith = Effect.fnUntraced(function* (settings: Pick<Project, "optOutNeedsVerification">) {
  const ledger = yield* Ledger.Ledger
  const surface = yield* Surface.library
  const { projects } = yield* ledger.catalog
  const [id] = projects.keys()
  const scopeOf = Effect.map(ledger.projectScope(id!), Option.getOrThrow)
  const first = yield* scopeOf
  const given = { ...settings, doNotSellTypes: [Surface.typeIn(first, "newsletter")] }
  yield* Surface.expected(yield* ledger.setup.updateProject(first, given, { answer: () => "" }), "Changed")
  return { ledger, surface, scope: yield* scopeOf, visitors: [yield* surface.visit] }
})

/** A ledger of {@link makeWith} without further settings. */
export const make = makeWith({})

/** What {@link make} makes. */
export type Play = Effect.Success<typeof make>

/** The requests of the project, in the order in which they were opened. */
export const requests = ({ ledger, scope: { organization, project } }: Play) =>
  Effect.flatMap(
    ledger.compliance.list(organization, [project], "test", { sort: "dateCreated", order: "asc", limit: 1000 }),
    (listed) => Effect.map(Surface.expected(listed, "Listed"), ({ items }) => items),
  )

/** The facts of a request, in the order of their ordinals. */
export const factsOf = ({ ledger, scope: { organization, project } }: Play, complianceRequestId: string) =>
  Effect.flatMap(
    ledger.compliance.events(organization, [project], "test", { complianceRequestId, limit: 1000 }),
    (listed) =>
      Effect.map(Surface.expected(listed, "Listed"), ({ items }) =>
        items.map(({ fact }) => fact).toSorted((a, b) => a.ordinal - b.ordinal),
      ),
  )

const byKey: Opener = { _tag: "Key", id: "11111111-1111-7111-8111-111111111111" }

/** A key that may do everything with requests. */
const worker = { keyId: "k", mayErase: true } as const

/** What the opener of a step is: an API key, or a visitor. */
const openerOf = ({ visitors }: Play, by: number): Opener => {
  const session = by === 0 ? undefined : visitors[by % visitors.length]?.session
  return session === undefined ? byKey : { _tag: "Visitor", session }
}

/** A visitor's own person, if it is not erased: its session is there then. */
const isLive = ({ ledger, scope }: Play, opener: Opener) =>
  opener._tag === "Key"
    ? Effect.succeed(true)
    : Effect.map(
        ledger.counted(scope.organization, opener.session.concordId),
        ({ person }) => person.erasedAt === undefined,
      )

/** Opens a request. */
export const open = (play: Play, request: NewRequest, opener: Opener, scope: ProjectScope = play.scope) =>
  play.ledger.compliance.open(scope, { opener, items: [request] })

let proofs = 0

/** Opens a request where the visitor still may, and shows identity for one, or tries to. */
const verify = Effect.fnUntraced(function* (play: Play, { by, kind, of, on, way }: Extract<Step, { do: "verify" }>) {
  const { ledger, scope, visitors } = play
  const { actOnPage, verifyByCode, verifyByToken } = ledger.compliance
  const opener = openerOf(play, by + 1)
  if (yield* isLive(play, opener)) yield* open(play, { request: kind, user: { email: of } }, opener)
  const pending = (yield* requests(play)).filter(({ opener, status }) => status === "pending_verification" && opener)
  if (pending.length === 0) return undefined
  const request = pending[(pending.length - 1 + on) % pending.length]!
  const { id } = request
  const own = on < 4 ? visitors.find(({ concordId }) => concordId === request.opener) : undefined
  const session = (own ?? visitors[by % visitors.length]!).session!
  const mail = (yield* SentCodes.of(scope, id)).findLast(({ template }) => template === "verification")
  if (way === "link") return mail && (yield* actOnPage(scope, id, mail.ticket!, { kind: "verify" }))
  if (way !== "token") {
    const code = way === "code" ? (mail?.code ?? "00000000") : "wrong"
    return yield* verifyByCode(scope, id, session, code, undefined)
  }
  const now = yield* Clock.currentTimeMillis
  const hasher = yield* (yield* LedgerContext.make).hasherOf(scope.organization)
  const [alias] = yield* hasher.aliases({ email: of }, scope.project)
  const evidence = { kind: "email", issuedAt: now, expiresAt: now + 1000 } as const
  const proof = { alias: alias!, evidence, signed: `request proof ${proofs++}` }
  // The session of an erased person proves nothing.
  return yield* Effect.ignoreCause(verifyByToken(scope, id, session, proof))
})

/** Makes a step; returns what it was answered with. */
export const take = Effect.fnUntraced(function* (play: Play, step: Step) {
  const { ledger, scope, surface, visitors } = play
  switch (step.do) {
    case "open":
      return yield* open(play, step.request, openerOf(play, step.by))
    case "work": {
      const all = yield* requests(play)
      const request = all[step.on % Math.max(1, all.length)]
      return request && (yield* ledger.compliance.change(scope, request.id, step.change, worker))
    }
    case "delete": {
      const { concordId } = yield* Surface.expected(yield* ledger.find(scope, step.of), "Found")
      if (concordId === undefined) return undefined
      const { resolutionStatus } = step
      const opening = open(play, { request: "delete", user: {}, isPreverified: true, subject: { concordId } }, byKey)
      const [request] = (yield* Surface.expected(yield* opening, "Opened")).requests
      const answer: WorkChange = { status: "resolved", resolution: "done", resolutionStatus }
      return yield* ledger.compliance.change(scope, request!.id, answer, worker)
    }
    case "answer": {
      const consentDate = yield* Clock.currentTimeMillis
      const { consentState, of, type } = step
      return yield* surface.record([{ project: "p", person: of, type, consentState, consentDate }], "leave-out")
    }
    case "visit":
      return visitors.push(yield* surface.visit)
    case "identify":
      // The token of an erased person, or a session that was ended, identifies no one.
      return yield* Effect.ignoreCause(
        Effect.map(surface.identify(visitors[step.by % visitors.length]!, step.of), (next) => visitors.push(next)),
      )
    case "verify":
      return yield* verify(play, step)
    case "withdraw": {
      const all = yield* requests(play)
      const request = all[step.on % Math.max(1, all.length)]
      const session = visitors[step.by % visitors.length]!.session!
      return request && (yield* ledger.compliance.withdraw(scope, request.id, session, undefined))
    }
    case "wait":
      return yield* surface.wait(step.days * day)
    case "erase": {
      const found = yield* Surface.expected(yield* ledger.find(scope, step.of), "Found")
      return found.concordId === undefined ? undefined : yield* surface.erase!(found.concordId)
    }
  }
})

/** Whether the opener of a step can open something. */
export const canOpen = (play: Play, by: number) => isLive(play, openerOf(play, by))
