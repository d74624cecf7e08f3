/**
 * The rows of a ledger of migration 7 in the form of the next one, and back again to compare. Tables that are not
 * written otherwise are copied.
 */
import { Effect } from "effect"
import * as EventBody from "../ledger/EventBody.ts"
import * as Sha256 from "../ledger/Sha256.ts"
import type { KeysUnavailable } from "../ports/Keys.ts"
import type { Row, StoreDamaged, TableName } from "../ports/LedgerRows.ts"
import type { NewRows, Upgrade } from "../ports/LedgerUpgrade.ts"
import type { Session } from "../ports/SessionStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import type { NameBefore, RowBefore } from "../ports/TablesBefore.ts"
import * as UpgradeCatalog from "./UpgradeCatalog.ts"
import * as UpgradedAnswers from "./UpgradedAnswers.ts"
import type { CommittedText, PartedOf, UpgradeContext, UpgradedParts } from "./UpgradedParts.ts"
import * as UpgradedTexts from "./UpgradedTexts.ts"

/** A table that is read from the earlier ledger: every one but `external_id`, whose rows follow from the events. */
export type UpgradedName = Exclude<NameBefore, "external_id">

type Failing<A> = Effect.Effect<A, KeysUnavailable | StoreUnavailable | StoreDamaged>

/** A table that is written otherwise, or not at all, in the new ledger. */
export interface Upgraded<Name extends UpgradedName> {
  /** The rows to write. */
  readonly write: (rows: ReadonlyArray<RowBefore<Name>>) => Failing<NewRows>
  /** What is compared of a row of the earlier ledger. */
  readonly before: (row: RowBefore<Name>) => unknown
  /** The same of rows of the new one. */
  readonly after: (rows: ReadonlyArray<Row<Name>>) => Failing<ReadonlyArray<unknown>>
}

type Rows = { readonly [Name in UpgradedName]?: Upgraded<Name> }

/** The person of an identity token that no fact names: no one. Such a token expires within minutes. */
const noOne = "00000000-0000-0000-0000-000000000000"

type Members = UpgradedTexts.Members

const parse = (text: string): Members => JSON.parse(text)

/** Makes the tables that are not copied. `tokens` are the people of used identity tokens, as far as they are known. */
export const make = (
  catalog: UpgradeCatalog.UpgradeCatalog,
  parts: UpgradedParts,
  upgrade: Pick<Upgrade, "factsOf">,
  tokens: ReadonlyMap<string, string>,
  context: UpgradeContext,
): Rows => {
  const { digest } = context
  const { open, openSessions, part, partSessions } = parts

  const inOrganization = ({ lane, person }: Pick<RowBefore<"person">, "lane" | "person">) => ({
    organization: catalog.organizationOf(lane),
    concordId: person,
  })

  /** Where the personal data of a fact are kept: with its survivor. */
  const ofFact = ({ body, lane }: Pick<RowBefore<"person_fact">, "body" | "lane">) => ({
    organization: catalog.organizationOf(lane),
    concordId: String(parse(body)["survivor"]),
  })

  const ofSession = ({ concordId, project }: Members) => ({
    organization: catalog.organizationOfProject(String(project)),
    concordId: String(concordId),
  })

  /** The members of texts with the personal data that they commit to; none of a text whose commitment does not open. */
  const opened = Effect.fnUntraced(function* (
    texts: ReadonlyArray<{ readonly members: Members; readonly of: Omit<CommittedText, "commitment"> }>,
  ) {
    const personal = texts.filter(({ members }) => members["commitment"] !== undefined)
    const read = yield* open(personal.map(({ members, of }) => ({ ...of, commitment: String(members["commitment"]) })))
    const jsons = new Map(personal.map(({ members }, index) => [members, read[index]]))
    return texts.map(({ members }): Members => {
      const { commitment, ...kept } = members
      if (commitment === undefined) return members
      const json = jsons.get(members)
      return json === undefined ? {} : { ...kept, ...parse(json) }
    })
  })

  const catalog_entry: Upgraded<"catalog_entry"> = {
    write: (rows) =>
      Effect.map(
        Effect.forEach(rows, (row) => UpgradeCatalog.wrapped(row, context)),
        (catalog_entry) => ({ catalog_entry }),
      ),
    before: (row) => row,
    after: (rows) => Effect.forEach(rows, (row) => UpgradeCatalog.unwrapped(row, context)),
  }

  const person: Upgraded<"person"> = {
    write: Effect.fnUntraced(function* (rows) {
      const profiles = rows.flatMap((row): ReadonlyArray<PartedOf> =>
        row.profile === null
          ? []
          : [
              {
                ...inOrganization(row),
                parted: { taken: [{ kind: "profile", id: "", json: row.profile }], write: () => "" },
              },
            ],
      )
      const { rows: personal } = yield* part(profiles)
      return { ...personal, person: rows.map(({ profile: _profile, ...row }) => row) }
    }),
    before: (row) => UpgradedTexts.sorted(row),
    after: (rows) =>
      Effect.map(open(rows.map((row) => ({ ...inOrganization(row), kind: "profile", commitment: "" }))), (profiles) =>
        rows.map((row, index) => UpgradedTexts.sorted({ ...row, profile: profiles[index] ?? null })),
      ),
  }

  const person_fact: Upgraded<"person_fact"> = {
    write: Effect.fnUntraced(function* (rows) {
      const all = rows.map((row) => ({ ...ofFact(row), parted: UpgradedTexts.fact(row.body) }))
      const { rows: personal, texts } = yield* part(all)
      return { ...personal, person_fact: rows.map((row, index) => ({ ...row, body: texts[index]! })) }
    }),
    before: (row) => ({ ...row, body: UpgradedTexts.sorted(parse(row.body)) }),
    after: (rows) =>
      Effect.map(
        opened(rows.map((row) => ({ members: parse(row.body), of: { ...ofFact(row), kind: "fact" } }))),
        (facts) => rows.map((row, index) => ({ ...row, body: UpgradedTexts.sorted(facts[index]!) })),
      ),
  }

  const session: Upgraded<"session"> = {
    write: Effect.fnUntraced(function* (rows) {
      const all = rows.map((row) => ({ ...ofSession(parse(row.body)), parted: UpgradedTexts.session(row.body) }))
      const { rows: keys, sessions } = yield* partSessions(all)
      const session = rows.map((row, index) => {
        const { sealed, text } = sessions[index]!
        return { ...row, body: JSON.stringify({ ...parse(text), personal: sealed }) }
      })
      return { ...keys, session }
    }),
    before: (row) => ({ ...row, body: UpgradedTexts.sorted(parse(row.body)) }),
    after: Effect.fnUntraced(function* (rows) {
      const all = rows.map(({ body }) => parse(body) as Members & Pick<Session, "commitment" | "personal">)
      const jsons = yield* openSessions(
        all.map((each) => ({ ...ofSession(each), commitment: each.commitment, sealed: each.personal })),
      )
      return rows.map((row, index) => {
        const { commitment: _commitment, personal: _personal, ...kept } = all[index]!
        const json = jsons[index]
        return { ...row, body: UpgradedTexts.sorted(json === undefined ? {} : { ...kept, ...parse(json) }) }
      })
    }),
  }

  const used_identity_token: Upgraded<"used_identity_token"> = {
    write: (rows) =>
      Effect.succeed({
        used_identity_token: rows.map((row) => ({ ...row, person: tokens.get(row.hash) ?? noOne })),
      }),
    before: (row) => row,
    after: (rows) => Effect.succeed(rows.map(({ person: _person, ...row }) => row)),
  }

  const idempotency = UpgradedAnswers.make(catalog, parts, upgrade)

  const lane_head: Upgraded<"lane_head"> = {
    write: (rows) => Effect.succeed({ lane_head: rows.map((row) => ({ ...row, has_erased: false })) }),
    before: (row) => ({ ...row, has_erased: false }),
    after: (rows) => Effect.succeed(rows),
  }

  const event: Upgraded<"event"> = {
    write: Effect.fnUntraced(function* (rows) {
      const all = rows.map((row) => ({ ...inOrganization(row), parted: UpgradedTexts.event(row.body) }))
      const { rows: personal, texts } = yield* part(all)
      const event: Array<Row<"event">> = []
      const external_id: Array<Row<"external_id">> = []
      for (const [index, { digest: _digest, external_id: _id, ...row }] of rows.entries()) {
        const body = texts[index]!
        event.push({ ...row, body, leaf: yield* Sha256.leaf(digest, body) })
        const text = UpgradedTexts.externalIdOf(all[index]!.parted)
        if (text === undefined) continue
        const { lane, person, position } = row
        const found = yield* catalog.externalId(lane, row.submitter, text)
        external_id.push({ lane: found.lane, hash: found.hash, event_lane: lane, position, person })
      }
      return { ...personal, event, external_id }
    }),
    before: ({ external_id: _id, ...row }) => row,
    after: Effect.fnUntraced(function* (rows) {
      const all = rows.map((row) =>
        EventBody.commitmentsOf(row.body).map((each) => ({ ...inOrganization(row), ...each })),
      )
      const jsons = yield* open(all.flat())
      const personal = new Map(
        all.flat().flatMap(({ commitment }, index) => {
          const json = jsons[index]
          return json === undefined ? [] : [[commitment, json] as const]
        }),
      )
      return yield* Effect.forEach(rows, ({ leaf, ...row }) => {
        const body = EventBody.compose(row.body, personal)
        return Effect.map(Effect.all([Sha256.hex(digest, body), Sha256.leaf(digest, row.body)]), ([composed, own]) => ({
          ...row,
          body,
          digest: own === leaf ? composed : leaf,
        }))
      })
    }),
  }

  return { catalog_entry, person, person_fact, session, used_identity_token, idempotency, lane_head, event }
}

/** A table that is copied as it is. */
export const copied = <Name extends UpgradedName & TableName>(name: Name): Upgraded<Name> => ({
  // The rows of a table that is copied have the same columns before and after.
  write: (rows) => Effect.succeed({ [name]: rows } as NewRows),
  before: (row) => row,
  after: (rows) => Effect.succeed(rows),
})
