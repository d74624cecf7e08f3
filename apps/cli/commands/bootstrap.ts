/**
 * `assent bootstrap`: founds the demonstration in an empty store, as `npm start` does, without serving.
 */
import { Console, Data, Effect, Layer, Option } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import * as Lane from "../../../core/model/Lane.ts"
import type { Founded } from "../../../core/catalog/Founding.ts"
import * as Ledger from "../../../core/Ledger.ts"
import * as WholeNumber from "../../WholeNumber.ts"
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

const facts = ({ apiKey, consentTypes, organization, project }: Founded) => ({
  organizationId: organization.id,
  projectId: project.id,
  apiKey,
  consentTypes: consentTypes.map(({ id, category, subcategory, label }) => ({ id, category, subcategory, label })),
})

const asText = ({ organizationId, projectId, apiKey, consentTypes }: ReturnType<typeof facts>): string =>
  [
    `organization  ${organizationId}`,
    `project       ${projectId}`,
    `API key       ${apiKey}  (shown only now)`,
    ...consentTypes.map((type) => `consent type  ${type.id}  ${type.category} / ${type.subcategory} / ${type.label}`),
  ].join("\n")

/** The command. */
export const command = Command.make(
  "bootstrap",
  {
    store: StoreFlag.flag(
      "sqlite:PATH, a file made where there is none, or postgres://USER:PASSWORD@HOST/DATABASE",
      StoreFlag.any,
    ),
    keys: KeysFlag.flag,
    lanes: Flag.String("lanes").pipe(
      Flag.withMetavar("<count>"),
      Flag.withDescription(
        `How many lanes the log of the organization and the project have, for ever: 1 to ${Lane.newMaxCount}; by default ${variable}, else ${Lane.defaultCount}`,
      ),
      Flag.filterMap(lanes.read, () => lanes.expected),
      Flag.optional,
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print { organizationId, projectId, apiKey, consentTypes }"),
      Flag.withDefault(false),
    ),
  },
  Effect.fnUntraced(function* ({ json, keys, lanes, store }) {
    const count = Option.isSome(lanes) ? lanes.value : yield* lanesOfEnvironment
    yield* StoreFlag.printIfFromEnvironment(store)
    const found = Effect.flatMap(Ledger.Ledger, (ledger) => ledger.found)
    const layer = Layer.provide(KeysFlag.ledger(store.url, keys), Layer.succeed(Ledger.NewLanes, count))
    const founded = yield* Effect.provide(found, layer)
    if (Option.isNone(founded)) {
      return yield* new AlreadySetUp({ message: "the store is set up already; nothing was changed" })
    }
    const made = facts(founded.value)
    yield* Console.log(json ? JSON.stringify(made) : asText(made))
  }),
).pipe(
  Command.withExamples([
    { command: "assent bootstrap --store sqlite:./data/assent.db --json", description: "Set up, and print the ids" },
  ]),
)
