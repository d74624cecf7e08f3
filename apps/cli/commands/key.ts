/**
 * `assent key`: makes, lists and revokes the API keys of a ledger. It needs the store and its keys, and no API key.
 */
import { existsSync } from "node:fs"
import { Effect, Option, Schema } from "effect"
import { Argument, CliError, Command, Flag } from "effect/cli"
import * as FileFault from "../../../adapters/sqlite/FileFault.ts"
import * as ApiKeys from "../../../core/catalog/ApiKeys.ts"
import type { CatalogOutcome } from "../../../core/catalog/CatalogChange.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import { EntryName, Uuid } from "../../../core/formats/Fields.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { ApiKey, Catalog, Organization } from "../../../core/model/Catalog.ts"
import { type Role, roles } from "../../../core/model/Role.ts"
import * as Store from "../../Store.ts"
import * as KeysFlag from "../KeysFlag.ts"
import * as Output from "../Output.ts"
import * as PersonFlag from "../PersonFlag.ts"
import * as StoreFlag from "../StoreFlag.ts"
import * as Table from "../Table.ts"

const refuse = (message: string) => Effect.fail(new CliError.ValidationError({ message }))

const json = Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Write the outcome as JSON"))

const writeJson = (value: unknown) => Output.write(`${JSON.stringify(value, undefined, 2)}\n`)

const ledgerFlags = { store: StoreFlag.flag("The ledger", StoreFlag.any), keys: KeysFlag.flag }

/** Runs an effect with the ledger. Fails if the file of a store does not exist. */
const withLedger = <A, E>(
  { keys, store }: Command.Command.Config.Infer<typeof ledgerFlags>,
  run: Effect.Effect<A, E, Ledger>,
) => {
  const path = Store.pathOf(store.url)
  if (path !== undefined && !existsSync(path)) return refuse(`${store.name}: ${FileFault.missing(path)}`)
  return Effect.provide(run, KeysFlag.ledger(store, keys))
}

const makeFlags = {
  ...ledgerFlags,
  role: Flag.Literals("role", roles).pipe(
    Flag.withDescription("What it may do: owner everything, admin all but keys, limited record and read, viewer read"),
    Flag.optional,
  ),
  name: Flag.String("name").pipe(
    Flag.withDescription("What it is for, of 2 to 1024 characters; by default its role"),
    Flag.filter(Schema.is(EntryName), () => "2 to 1024 characters"),
    Flag.optional,
  ),
  project: PersonFlag.uuid("project", "The one project in which it has the role; by default all of the organization"),
  organization: PersonFlag.uuid("organization", "The organization; may be left out where the store has one"),
  json,
}

type MakeFlags = Command.Command.Config.Infer<typeof makeFlags>

/** The organization that a key is made in: that of the project, the named one, or the only one. */
const organizationOf = ({ organizations, projects }: Catalog, { organization, project }: MakeFlags) => {
  const only = organizations.size === 1 ? [...organizations.keys()][0] : undefined
  const named = Option.getOrUndefined(organization)?.toLowerCase()
  if (Option.isSome(project)) {
    const found = projects.get(project.value.toLowerCase())
    if (found === undefined || (named !== undefined && found.organization !== named)) {
      return refuse("--project: the ledger has no such project in the organization")
    }
    return Effect.succeed(organizations.get(found.organization)!)
  }
  const found = organizations.get(named ?? only ?? "")
  if (found !== undefined) return Effect.succeed(found)
  const there = [...organizations.values()].slice(0, 10).map(({ id, name }) => `${id} (${name})`)
  if (there.length === 0) return refuse("the ledger is empty: set it up with `assent bootstrap`, which makes a key")
  return refuse(`--organization: expected one of ${there.join(", ")}`)
}

/** The value of a change of the catalog that was made; fails for one that was refused. */
const orRefuse = <Value>(outcome: CatalogOutcome<Value>): Effect.Effect<Value, CliError.ValidationError> => {
  switch (outcome._tag) {
    case "Changed":
      return Effect.succeed(outcome.value)
    case "Conflict":
      return refuse(outcome.fault.detail)
    case "Refused":
      return refuse(outcome.faults.map(({ detail, field }) => `${field}: ${detail}`).join("; "))
    default:
      return refuse("there is no such key, or it is revoked")
  }
}

const shown = ({ expiresAt, id, name, organization, permissions, role }: ApiKey) => ({
  id,
  organization,
  name,
  role,
  permissions,
  ...(expiresAt !== undefined && { expiresAt: Instant.format(expiresAt) }),
})

const makeKey = Effect.fnUntraced(function* (role: Role, given: MakeFlags) {
  const ledger = yield* Ledger
  const organization = yield* organizationOf(yield* ledger.catalog, given)
  const projectId = Option.getOrUndefined(given.project)?.toLowerCase()
  const fields: ApiKeys.KeyFields = {
    name: Option.getOrElse(given.name, () => `${role} key`),
    role: projectId === undefined ? role : "none",
    permissions: projectId === undefined ? [] : [{ projectId, role }],
  }
  const made = yield* orRefuse(yield* ledger.setup.createKey(organization, fields, { answer: () => "" }))
  return { ...made, organization, where: projectId === undefined ? "" : `, in the project ${projectId} alone` }
})

const make = Effect.fnUntraced(function* (given: MakeFlags) {
  const asked = Option.getOrUndefined(given.role)
  if (asked === undefined) return yield* refuse(`--role: expected one of ${roles.join(", ")}`)
  yield* StoreFlag.printIfFromEnvironment(given.store)
  const { apiKey, organization, secret, where } = yield* withLedger(given, makeKey(asked, given))
  if (given.json) return yield* writeJson({ ...shown(apiKey), apiKey: secret })
  yield* Output.info(`made the key ${apiKey.id} of the role ${asked} in ${organization.name}${where}; shown only now:`)
  return yield* Output.write(`${secret}\n`)
})

/** The keys of every organization that are not revoked. */
const allKeys = ({ apiKeys, organizations }: Catalog): ReadonlyArray<ApiKey> =>
  [...organizations.values()].flatMap((organization: Organization) =>
    [...apiKeys.values()].filter((key) => key.organization === organization.id),
  )

/** The roles of a key; one that has a role in projects alone has no other. */
const rolesOf = ({ permissions, role }: ApiKey): string => {
  const inProjects = permissions.map(({ projectId, role }) => `${role} in ${projectId}`)
  return (role === "none" && inProjects.length > 0 ? inProjects : [role, ...inProjects]).join(", ")
}

const list = Command.make(
  "list",
  { ...ledgerFlags, json },
  Effect.fnUntraced(function* ({ json, ...given }) {
    const { catalog, uses } = yield* withLedger(
      given,
      Effect.flatMap(Ledger, (ledger) => Effect.all({ catalog: ledger.catalog, uses: ledger.setup.keyUses })),
    )
    const lastUse = ({ id }: ApiKey) => Option.map(Option.fromUndefinedOr(uses.get(id)), Instant.format)
    const keys = allKeys(catalog)
    if (json) {
      const written = keys.map((key) => ({ ...shown(key), lastUsedAt: Option.getOrUndefined(lastUse(key)) }))
      return yield* writeJson({ keys: written })
    }
    const rows = keys.map((key) => [
      key.id,
      key.name,
      rolesOf(key),
      key.expiresAt === undefined ? "never" : Instant.format(key.expiresAt),
      Option.getOrElse(lastUse(key), () => "never"),
    ])
    return yield* Output.write(`${Table.write(["key", "name", "role", "expires", "last used"], rows)}\n`)
  }),
).pipe(
  Command.withDescription("List the API keys that are not revoked; no secret is shown"),
  Command.withExamples([{ command: "assent key list", description: "When each was last used, to the minute" }]),
)

const revoke = Command.make(
  "revoke",
  {
    id: Argument.String("id").pipe(
      Argument.withDescription("The id of the key, as `assent key list` shows it"),
      Argument.filter(Schema.is(Uuid), () => "a UUID"),
    ),
    ...ledgerFlags,
  },
  Effect.fnUntraced(function* ({ id, ...given }) {
    yield* StoreFlag.printIfFromEnvironment(given.store)
    const revoking = Effect.gen(function* () {
      const ledger = yield* Ledger
      const { apiKeys, organizations } = yield* ledger.catalog
      const key = [...apiKeys.values()].find((each) => each.id === id.toLowerCase())
      if (key === undefined) return yield* refuse("there is no such key, or it is revoked")
      const organization = organizations.get(key.organization)!
      return yield* orRefuse(yield* ledger.setup.revokeKey(organization, key.id, { answer: () => "" }))
    })
    const { apiKey } = yield* withLedger(given, revoking)
    yield* Output.write(`revoked ${apiKey.id}: it is refused from the next request on\n`)
  }),
).pipe(
  Command.withDescription("Revoke an API key; the last owner's key stays"),
  Command.withExamples([
    {
      command: "assent key revoke 01a22bb7-3379-7245-8b68-e7e7ae071608",
      description: "The secret cannot be used again",
    },
  ]),
)

/** The command. */
export const command = Command.make("key", makeFlags, make).pipe(
  Command.withExamples([
    { command: "assent key --role owner", description: "If the owner's key is lost" },
    {
      command: 'assent key --role limited --project 01a22bb7-337a-7124-8089-dbef74fbffc3 --name "the web shop"',
      description: "A key of least privilege: it records and reads in one project",
    },
  ]),
  Command.withSubcommands([list, revoke]),
)
