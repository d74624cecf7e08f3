/**
 * `assent follow`: writes the changes of a project as they come, one a line.
 */
import { Effect, Option, Stream } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import * as Change from "../../../core/feed/Change.ts"
import * as Flags from "../Flags.ts"
import * as FollowSource from "../FollowSource.ts"
import * as FollowState from "../FollowState.ts"
import * as KeysFlag from "../KeysFlag.ts"
import * as Output from "../Output.ts"
import * as ProjectFlag from "../ProjectFlag.ts"
import * as StoreFlag from "../StoreFlag.ts"

const refuse = (message: string) => Effect.fail(new CliError.ValidationError({ message }))

const typesOf = (text: string) => {
  const names = text.split(",").map((name) => name.trim())
  return names.some((name) => Change.typesOf(name).length === 0)
    ? refuse("--types: expected types of changes, such as decision.*,consent.recorded")
    : Effect.succeed(names)
}

const urlOf = (text: string) =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
    ? Effect.succeed(text)
    : refuse("--url: expected the address of a service, such as https://consent.example")

const flags = {
  store: StoreFlag.optional(
    "The ledger as a store: sqlite:PATH or postgres://…; by default ASSENT_STORE, where --url is left out",
    StoreFlag.kept,
  ),
  keys: KeysFlag.flag,
  url: Flag.String("url").pipe(
    Flag.withMetavar("<url>"),
    Flag.withDescription(`The service to read from, with the API key of the variable ${FollowSource.keyVariable}`),
    Flag.mapEffect(urlOf),
    Flag.optional,
  ),
  project: ProjectFlag.flags.project,
  after: Flag.String("after").pipe(
    Flag.withMetavar("<mark>"),
    Flag.withDescription("Where to begin: a mark, start or now; by default start, and with --state where it ended"),
    Flag.optional,
  ),
  types: Flag.String("types").pipe(
    Flag.withMetavar("<types>"),
    Flag.withDescription("Only these types, separated by commas, such as decision.*,consent.recorded"),
    Flag.mapEffect(typesOf),
    Flag.optional,
  ),
  state: Flags.outputPath("state", "A file that keeps how far was written, so that the next run goes on there").pipe(
    Flag.optional,
  ),
  include: Flag.Literals("include", ["decision"]).pipe(
    Flag.withDescription("Adds to each change about a person and a type the decision as of then"),
    Flag.optional,
  ),
  once: Flag.Boolean("once").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Stop once everything was written, instead of waiting for more"),
  ),
}

type Given = Command.Command.Config.Infer<typeof flags>

const validate = ({ keys, state, store, url }: Given) => {
  if (Option.isSome(store) && Option.isSome(url)) return refuse("give the changes once: either --store or --url")
  if (Option.isSome(url) && (process.env[FollowSource.keyVariable] ?? "") === "") {
    return refuse(`--url: set ${FollowSource.keyVariable} to an API key that may read the project`)
  }
  return Flags.refuseOverwriting({
    outputs: [Flags.named("--state", state)],
    inputs: [{ name: "--keys", at: keys }],
    ...(Option.isSome(store) && { store: { name: store.value.name, at: store.value.url } }),
  })
}

/** A store that is named by the flag, or by the variable. */
const storeOf = Effect.fnUntraced(function* ({ store }: Given) {
  const named = Option.isSome(store) ? store : yield* StoreFlag.fromEnvironment(StoreFlag.kept)
  if (Option.isNone(named)) return yield* refuse("give the changes: --store or ASSENT_STORE, or --url for a service")
  return named.value
})

/**
 * Writes lines, and then the mark after them. It is not interrupted between: what was written when the command is ended
 * is not written again by the next run.
 */
const write = (state: Option.Option<string>) => (lines: FollowSource.Lines) =>
  Effect.uninterruptible(
    Effect.gen(function* () {
      if (lines.text !== "") yield* Output.write(lines.text)
      if (Option.isSome(state)) yield* FollowState.write(state.value, lines.mark)
    }),
  )

/** The command. */
export const command = Command.make(
  "follow",
  flags,
  Effect.fnUntraced(function* (given) {
    const { after, include, keys, once, project, state, types, url } = given
    if (Option.isSome(state)) yield* FollowState.check(state.value)
    const kept = Option.isSome(state) ? yield* FollowState.read(state.value) : undefined
    const question: FollowSource.Question = {
      after: kept ?? Option.getOrUndefined(after),
      types: Option.getOrUndefined(types),
      includesDecision: Option.isSome(include),
      isFollowing: !once,
    }
    if (Option.isSome(url)) {
      const options = { baseUrl: url.value, apiKey: process.env[FollowSource.keyVariable]! }
      return yield* Stream.runForEach(FollowSource.ofService(options, project, question), write(state))
    }
    const store = yield* storeOf(given)
    yield* ProjectFlag.withProject({ keys, project, store }, (scope) =>
      Stream.runForEach(FollowSource.ofStore(scope, question), write(state)),
    )
  }),
).pipe(
  (command) => Command.validate(command, validate),
  Command.withExamples([
    {
      command: "assent follow --store sqlite:./data/assent.db --types decision.* --state changes.state",
      description: "Every answer that changes without an event, as it happens; a next run goes on where this one ended",
    },
    {
      command: "assent follow --url https://consent.example --after now",
      description: "What is recorded from now on, by a service",
    },
  ]),
)
