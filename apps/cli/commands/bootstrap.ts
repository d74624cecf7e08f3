/**
 * `assent bootstrap`: sets up an empty store, with an organization of the operator, or with the demonstration, as
 * `npm start` does, without serving.
 */
import { Console, Data, Effect, Layer, Option } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import * as Lane from "../../../core/model/Lane.ts"
import type { Foundation, Founded } from "../../../core/catalog/Founding.ts"
import * as Ledger from "../../../core/Ledger.ts"
import * as WholeNumber from "../../WholeNumber.ts"
import * as FoundationFlags from "../FoundationFlags.ts"
import * as KeysFlag from "../KeysFlag.ts"
import * as StoreFlag from "../StoreFlag.ts"

/** The store is not empty. Nothing was changed. */
export class AlreadySetUp extends Data.TaggedError("AlreadySetUp")<{ readonly message: string }> {}

const lanes = WholeNumber.between(1, Lane.newMaxCount)

/** The variable, which the service reads too. An empty value is treated as not set. */
const variable = "ASSENT_LANES"

/** The number of lanes of a new store, if the flag is left out. */
const lanesOfEnvironment = Effect.suspend(() => {
  const text = process.env[variable] ?? ""
  if (text === "") return Effect.succeed(Lane.defaultCount)
  return Effect.fromOption(lanes.read(text)).pipe(
    Effect.mapError(() => new CliError.ValidationError({ message: `${variable}: expected ${lanes.expected}` })),
  )
})

const ownersKey = { name: "Owner", role: "owner", permissions: [] } as const

/** Sets up the store; nothing if it is not empty. */
const setUp = (foundation: Foundation | undefined) =>
  Effect.flatMap(Ledger.Ledger, ({ found, foundWith }) =>
    foundation === undefined ? found : foundWith(foundation, ownersKey),
  )

const facts = ({ apiKey, consentTypes, organization, project }: Founded, isDemonstration: boolean) => ({
  organizationId: organization.id,
  projectId: project.id,
  apiKey,
  consentTypes: consentTypes.map(({ id, category, subcategory, label }) => ({ id, category, subcategory, label })),
  isDemonstration,
})

const demonstrationNote =
  "a demonstration was set up, for localhost; a ledger of your own: assent bootstrap --name … --domain …"

const asText = (founded: Founded, isDemonstration: boolean): string => {
  const { organization, project } = founded
  const { apiKey, consentTypes } = facts(founded, isDemonstration)
  return [
    ...(isDemonstration ? [demonstrationNote] : []),
    `organization  ${organization.id}  ${organization.name}`,
    `project       ${project.id}  ${project.name}: ${project.domains.join(", ")}`,
    `API key       ${apiKey}  (an owner's; shown only now)`,
    ...consentTypes.map((type) => `consent type  ${type.id}  ${type.category} / ${type.subcategory} / ${type.label}`),
  ].join("\n")
}

/** The command. */
export const command = Command.make(
  "bootstrap",
  {
    store: StoreFlag.flag(
      "sqlite:PATH, a file made where there is none, or postgres://USER:PASSWORD@HOST/DATABASE",
      StoreFlag.any,
    ),
    keys: KeysFlag.flag,
    ...FoundationFlags.flags,
    lanes: Flag.String("lanes").pipe(
      Flag.withMetavar("<count>"),
      Flag.withDescription(
        `How many lanes the log of the organization and the project have, for ever: 1 to ${Lane.newMaxCount}; by default ${variable}, else ${Lane.defaultCount}`,
      ),
      Flag.filterMap(lanes.read, () => lanes.expected),
      Flag.optional,
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print { organizationId, projectId, apiKey, consentTypes, isDemonstration }"),
      Flag.withDefault(false),
    ),
  },
  Effect.fnUntraced(function* ({ json, keys, lanes, store, ...own }) {
    const count = Option.isSome(lanes) ? lanes.value : yield* lanesOfEnvironment
    const foundation = yield* FoundationFlags.read(own)
    yield* StoreFlag.printIfFromEnvironment(store)
    const layer = Layer.provide(KeysFlag.ledger(store, keys), Layer.succeed(Ledger.NewLanes, count))
    const founded = yield* Effect.provide(setUp(foundation), layer)
    if (Option.isNone(founded)) {
      const message = "the store is set up already; nothing was changed; another API key: assent key --role owner"
      return yield* new AlreadySetUp({ message })
    }
    const isDemonstration = foundation === undefined
    yield* Console.log(
      json ? JSON.stringify(facts(founded.value, isDemonstration)) : asText(founded.value, isDemonstration),
    )
  }, Effect.scoped),
).pipe(
  Command.withExamples([
    {
      command: "assent bootstrap --name Example --domain example.com --types types.json",
      description: "Your own organization, with its consent types",
    },
    {
      command: "assent bootstrap --store sqlite:./try.db --json",
      description: "The demonstration, on a file of its own",
    },
  ]),
)
