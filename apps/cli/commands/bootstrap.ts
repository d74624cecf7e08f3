/**
 * `assent bootstrap`: sets up an empty store as `npm start` does, without serving.
 */
import * as Crypto from "../../Crypto.ts"
import { Console, Data, Effect, Layer, Option } from "effect"
import { Command, Flag } from "effect/cli"
import * as Lane from "../../../core/Lane.ts"
import type { Founded } from "../../../core/ledger/Founding.ts"
import * as Ledger from "../../../core/ledger/Ledger.ts"
import * as Store from "../../Store.ts"

/** The store has something set up; nothing was changed. */
export class AlreadySetUp extends Data.TaggedError("AlreadySetUp")<{ readonly message: string }> {}

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
    store: Flag.String("store").pipe(
      Flag.withMetavar("<url>"),
      Flag.withDescription("sqlite:PATH, a file made where there is none"),
      Flag.filter(Store.isUrl, () => Store.form),
      Flag.withDefault(Store.defaultUrl),
    ),
    lanes: Flag.Int("lanes").pipe(
      Flag.withDescription(
        `How many lanes the log of the organization and the project have, for ever: 1 to ${Lane.newMaxCount}`,
      ),
      Flag.filter(
        (lanes) => lanes >= 1 && lanes <= Lane.newMaxCount,
        () => `a whole number from 1 to ${Lane.newMaxCount}`,
      ),
      Flag.withDefault(Lane.defaultCount),
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print { organizationId, projectId, apiKey, consentTypes }"),
      Flag.withDefault(false),
    ),
  },
  Effect.fnUntraced(function* ({ json, lanes, store }) {
    const found = Effect.flatMap(Ledger.Ledger, (ledger) => ledger.found)
    const layer = Ledger.layer.pipe(
      Layer.provide([Store.layer(store), Crypto.layer, Layer.succeed(Ledger.NewLanes, lanes)]),
    )
    const founded = yield* Effect.provide(found, layer)
    if (Option.isNone(founded)) {
      return yield* new AlreadySetUp({ message: "the store is set up already; nothing was changed" })
    }
    const made = facts(founded.value)
    yield* Console.log(json ? JSON.stringify(made) : asText(made))
  }),
).pipe(
  Command.withDescription("Set up an empty store: a demo organization, project, API key and four consent types"),
  Command.withExamples([
    { command: "assent bootstrap --store sqlite:./data/assent.db --json", description: "Set up, and print the ids" },
  ]),
)
