/**
 * Spellings that normalization 1 kept apart, in an organization that it hashed the first identifiers of (semantics,
 * section 5): a question finds everyone that a spelling of its identifier named, and the answer that permits least
 * counts.
 */
import { createHash } from "node:crypto"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { join } from "node:path"
import { Effect, Layer, Option } from "effect"
import { Digest, Mac } from "effect/crypto"
import { describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import * as AliasCheck from "../../core/integrity/AliasCheck.ts"
import * as Identifiers from "../../core/ledger/Identifiers.ts"
import * as LedgerContext from "../../core/ledger/LedgerContext.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import type * as People from "../../core/model/People.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import { workplace } from "../cli/run.ts"
import { verify } from "../support/checking.ts"
import * as TestKeys from "../support/keys.ts"

const { folder, run } = workplace()

type Kind = People.Alias["kind"]

const early = Date.parse("2024-01-31T00:00:00Z")

const environment = Ledger.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(MemoryStore.layer, NodeCrypto.layer, TestKeys.layer)),
)

/** The demonstration's project, of an organization that was created with a version of the normalization. */
const scopeWith = Effect.fnUntraced(function* (normalization: number | undefined) {
  const ledger = yield* Ledger.Ledger
  const store = yield* LedgerStore
  const founded = Option.getOrThrow(yield* ledger.found)
  const { normalization: _, ...old } = founded.organization
  const { revision } = yield* store.catalog.current
  const organization = normalization === undefined ? old : { ...old, normalization }
  yield* store.catalog.change({ revision, entries: { organizations: [organization] }, documents: [] })
  return Option.getOrThrow(yield* ledger.projectScope(founded.project.id))
})

/** The alias of a form that normalization 1 kept. */
const aliasOf = Effect.fnUntraced(function* ({ organization, project }: ProjectScope, kind: Kind, form: string) {
  const hasher = yield* (yield* LedgerContext.make).hasherOf(organization)
  return yield* hasher.hashed(kind, createHash("sha256").update(form).digest("hex"), project)
})

/** Claims a form for a new person, as normalization 1 did. */
const claim = Effect.fnUntraced(function* (scope: ProjectScope, kind: Kind, form: string) {
  const store = yield* LedgerStore
  const { random } = yield* LedgerContext.make
  const concordId = yield* random.uuidV7()
  const claims = [{ ...Identifiers.claimOf(yield* aliasOf(scope, kind, form), concordId, early), normalization: 1 }]
  yield* store.people.change({ organization: scope.organization, seen: [], claims, releases: [], facts: [] })
  return concordId
})

/** A person that a spelling named in normalization 1, which answered once. */
const keep = Effect.fnUntraced(function* (scope: ProjectScope, kind: Kind, form: string, consentState: ConsentState) {
  const ledger = yield* Ledger.Ledger
  const concordId = yield* claim(scope, kind, form)
  const said = {
    consentType: scope.types.all[0]!.id,
    consentState,
    consentAction: "import",
    consentDate: early,
  } as const
  const outcome = yield* ledger.record({ ...scope, submitter: "test", items: [{ ...said, person: { concordId } }] })
  expect(outcome._tag).toBe("Recorded")
  return concordId
})

const ask = Effect.fnUntraced(function* (scope: ProjectScope, person: People.Identifiers) {
  const ledger = yield* Ledger.Ledger
  const found = yield* ledger.find(scope, person)
  if (found._tag === "Refused") throw new Error(JSON.stringify(found.faults))
  const { items } = yield* ledger.decisions({ ...scope, ...found, consentTypes: [scope.types.all[0]!.id] })
  return items[0]!.decision.status
})

const inMemory = <A>(program: Effect.Effect<A, unknown, Layer.Success<typeof environment>>): Promise<A> =>
  Effect.runPromise(program.pipe(Effect.provide(environment)))

// Mutant: only the hash of the normalized form is looked up.
describe("a refusal that normalization 1 kept under another spelling is found by every spelling:", () => {
  test.each<[keyof People.Identifiers & People.Alias["kind"], kept: string, asked: ReadonlyArray<string>]>([
    ["email", "pia@bücher.example", ["pia@bücher.example", "PIA@xn--bcher-kva.example", "<pia@bücher.example>"]],
    ["email", "rene\u0301@example.com", ["ren\u00E9@example.com", "rene\u0301@example.com"]],
    ["email", "<gus@example.com>", ["gus@example.com", "Gus <gus@example.com>", "<gus@example.com>"]],
    ["email", "mailto:gil@example.com", ["gil@example.com", "mailto:gil@example.com"]],
    ["email", "ivy@example.com.", ["ivy@example.com", "ivy@example.com."]],
    ["email", "mailto:gil@example.com?subject=stop", ["mailto:gil@example.com?subject=stop"]],
    ["email", "νικος@example.com", ["ΝΙΚΟΣ@example.com", "νικος@example.com"]],
    ["userId", " u-17 ", [" u-17 "]],
    ["projectUserId", "e\u0301", ["\u00E9", "e\u0301"]],
  ])("of %s %j, by %j", async (kind, kept, asked) => {
    const statuses = await inMemory(
      Effect.gen(function* () {
        const scope = yield* scopeWith(undefined)
        yield* keep(scope, kind, kept, "declined")
        return yield* Effect.forEach(asked, (value) => ask(scope, { [kind]: value }))
      }),
    )
    expect(statuses).toEqual(asked.map(() => "refused"))
  })
})

test("of several people that spellings of one address named, the answer that permits least counts", () =>
  inMemory(
    Effect.gen(function* () {
      const scope = yield* scopeWith(undefined)
      yield* keep(scope, "email", "gus@example.com", "accepted")
      expect(yield* ask(scope, { email: "gus@example.com" })).toBe("given")
      yield* keep(scope, "email", "<gus@example.com>", "declined")
      expect(yield* ask(scope, { email: "gus@example.com" })).toBe("refused")
      yield* keep(scope, "email", "mailto:gus@example.com", "accepted")
      expect(yield* ask(scope, { email: "GUS@example.com" })).toBe("refused")
    }),
  ))

/** Records one answer under an address. */
const say = Effect.fnUntraced(function* (scope: ProjectScope, email: string, consentState: ConsentState) {
  const ledger = yield* Ledger.Ledger
  const item = {
    consentType: scope.types.all[0]!.id,
    consentState,
    consentAction: "user_click",
    person: { email },
  } as const
  return yield* ledger.record({ ...scope, submitter: "test", items: [item] })
})

test("an answer belongs to the person of the earlier spelling, and the address is kept as now", () =>
  inMemory(
    Effect.gen(function* () {
      const scope = yield* scopeWith(undefined)
      const store = yield* LedgerStore
      const concordId = yield* keep(scope, "email", "<gus@example.com>", "accepted")
      expect(yield* say(scope, "gus@example.com", "declined")).toMatchObject({ events: [{ concordId }] })
      const { hash } = yield* aliasOf(scope, "email", "gus@example.com")
      expect(yield* store.people.byAlias(scope.organization, [hash])).toMatchObject([{ concordId }])
      expect(yield* ask(scope, { email: "mailto:gus@example.com" })).toBe("withdrawn")
    }),
  ))

test("of several people that spellings of one address named, a refusal is each one's, and a yes is a conflict", () =>
  inMemory(
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const scope = yield* scopeWith(undefined)
      const people = [
        yield* keep(scope, "email", "gus@example.com", "accepted"),
        yield* keep(scope, "email", "<gus@example.com>", "accepted"),
        yield* keep(scope, "email", "mailto:gus@example.com", "accepted"),
      ]
      const yes = yield* say(scope, "gus@example.com", "accepted")
      expect(yes).toMatchObject({ _tag: "Refused", violations: [{ code: "identifier_conflict", field: "email" }] })
      expect(yield* say(scope, "Gus <gus@example.com>", "declined")).toMatchObject({ _tag: "Recorded" })
      for (const concordId of people) {
        const { items } = yield* ledger.decisions({ ...scope, concordId, consentTypes: [scope.types.all[0]!.id] })
        expect(items[0]!.decision.status).toBe("withdrawn")
      }
    }),
  ))

// Mutants: the first identification looks up the normalized form only; it claims nothing, so that the second one does.
test("a visitor that proves an address is joined with the person of its earlier spelling, and the address is kept as now", () =>
  inMemory(
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const store = yield* LedgerStore
      const scope = yield* scopeWith(undefined)
      const concordId = yield* keep(scope, "email", "pia@b\u00FCcher.example", "declined")
      const value = "pia@xn--bcher-kva.example"
      const alias = Option.getOrThrow(yield* ledger.aliasOf(scope, { kind: "email", value, isHashed: false }))
      const opened = yield* ledger.openSession({ ...scope, ipAddress: "", domain: "localhost" })
      if (opened._tag !== "Opened") throw new Error(opened._tag)
      const evidence = { kind: alias.kind, issuedAt: early, expiresAt: early }
      const proof = { alias, evidence, signed: "signed" }
      const identified = yield* ledger.identify({ ...scope, session: opened.session, ...proof })
      expect(identified).toMatchObject({ _tag: "Identified", isSynced: true })
      const guest = opened.session.concordId
      const { items } = yield* ledger.decisions({ ...scope, concordId: guest, consentTypes: [scope.types.all[0]!.id] })
      expect(items[0]!.decision.status).toBe("refused")
      expect(yield* store.people.byAlias(scope.organization, [alias.hash])).toMatchObject([{ concordId }])
    }),
  ))

test("assent verify names the people that a placeholder names", async () => {
  const url = `sqlite:${join(folder, "ledger.db")}`
  const layer = Ledger.layer.pipe(
    Layer.provideMerge(
      Layer.mergeAll(SqliteStore.layer(url.slice("sqlite:".length)), NodeCrypto.layer, TestKeys.layer),
    ),
  )
  const [scope, people] = await Effect.runPromise(
    Effect.gen(function* () {
      const scope = yield* scopeWith(undefined)
      yield* claim(scope, "email", "gus@example.com")
      const people = [yield* claim(scope, "userId", "undefined"), yield* claim(scope, "projectUserId", "NaN")]
      return [scope, people] as const
    }).pipe(Effect.provide(layer), Effect.scoped),
  )
  const report = await verify(url)
  expect(report.isWhole).toBe(true)
  const organization = scope.organization.id
  expect(report.placeholders.toSorted((a, b) => (a.kind < b.kind ? 1 : -1))).toEqual([
    { organization, concordId: people[0], kind: "userId", value: "undefined" },
    { organization, concordId: people[1], kind: "projectUserId", value: "NaN", project: scope.project.id },
  ])
  TestKeys.writeNextToKept(url)
  const { stdout } = await run(["verify", "--store", url])
  expect(stdout).toContain(`person ${people[0]}, organization ${organization}: userId "undefined"`)
  expect((await verify(url, 1)).placeholders).toHaveLength(1)
})

test("the people that the hash of an empty text names are found, and freed", () =>
  inMemory(
    Effect.gen(function* () {
      const scope = yield* scopeWith(undefined)
      const [ledger, store] = [yield* Ledger.Ledger, yield* LedgerStore]
      const { organization, project } = scope
      const hashes = yield* AliasCheck.placeholderHashes(
        { byNumber: new Map([[1, organization]]), projects: new Map([[project.id, project]]) },
        { digest: yield* Digest.Digest, mac: yield* Mac.Mac, keys: TestKeys.make() },
      )
      for (const kind of ["userId", "projectUserId", "email", "contextId"] as const) {
        for (const value of ["", " ", "\n", "undefined"]) {
          const { hash } = yield* aliasOf(scope, kind, value)
          const ofProject = kind === "projectUserId" || kind === "contextId" ? { project: project.id } : {}
          expect(hashes.get(hash)).toEqual({ organization: organization.id, kind, value, ...ofProject })
          if (kind === "contextId") continue
          const concordId = yield* claim(scope, kind, value)
          const about = { concordId, identifier: { kind, value, project }, reason: "empty", submitter: organization.id }
          const outcome = yield* ledger.releaseIdentifier(organization, { ...about, answer: () => "" })
          expect(outcome._tag).toBe("Released")
          expect(yield* store.people.byAlias(organization, [hash])).toEqual([undefined])
        }
      }
    }),
  ))

test("an organization that is created now looks up no earlier spelling", () =>
  inMemory(
    Effect.gen(function* () {
      const scope = yield* scopeWith(Identifiers.normalizationVersion)
      const hasher = yield* (yield* LedgerContext.make).hasherOf(scope.organization)
      const given = { userId: " u ", email: "<p\u00EAr@b\u00FCcher.example>", phoneNumber: "tel:+4915112345678" }
      const normalized = Identifiers.normalize(given)
      const { identifiers } = normalized as Extract<typeof normalized, { identifiers: unknown }>
      for (const alias of yield* hasher.aliases(identifiers, scope.project, given)) {
        expect(alias).not.toHaveProperty("earlier")
      }
    }),
  ))

test("values that both versions keep alike have the same hash, and a plain id, a number and a guest no earlier one", () =>
  inMemory(
    Effect.gen(function* () {
      const scope = yield* scopeWith(undefined)
      const { project } = scope
      const hasher = yield* (yield* LedgerContext.make).hasherOf(scope.organization)
      const plain = { userId: "u-17", email: "gus@example.com", phoneNumber: "+4915112345678" }
      const aliases = yield* hasher.aliases(plain, project, plain)
      for (const { hash, kind } of aliases) {
        const value = plain[kind as keyof typeof plain]
        const sha256 = createHash("sha256").update(value).digest("hex")
        expect((yield* hasher.hashed(kind, sha256, project)).hash).toBe(hash)
      }
      // Of an address, the spellings in angle brackets, as a link and with a trailing dot.
      expect(aliases.map(({ earlier = [] }) => earlier.length)).toEqual([0, 3, 0])
    }),
  ))
