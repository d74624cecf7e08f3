/**
 * `assent people data`: writes everything that is held about a person, for a person that asks for it.
 */
import { Effect, Option, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import * as Replacement from "../../../adapters/files/Replacement.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import * as Flags from "../Flags.ts"
import * as Output from "../Output.ts"
import * as PersonFlag from "../PersonFlag.ts"
import * as ProjectFlag from "../ProjectFlag.ts"

/** The exit code if nothing is held. */
const nothingHeld = 2

const flags = {
  ...ProjectFlag.flags,
  ...PersonFlag.flags,
  out: Flags.outputPath("out", "Where to write; by default standard output").pipe(Flag.optional),
}

type Flagged = Command.Command.Config.Infer<typeof flags>

const openOutput = Effect.fnUntraced(function* (out: Option.Option<string>) {
  if (Option.isNone(out)) return { write: Output.write, commit: Effect.void }
  return yield* Replacement.make(out.value)
})

/** Writes the data; returns whether anything is held. */
const write = Effect.fnUntraced(function* (scope: ProjectScope, given: Flagged) {
  const ledger = yield* Ledger
  const concordId = yield* PersonFlag.find(scope, given)
  const held = concordId === undefined ? undefined : yield* ledger.heldData(scope.organization, concordId)
  if (held === undefined) return false
  const file = yield* openOutput(given.out)
  const writePart = Effect.fnUntraced(function* ({ text }: { readonly text: string }) {
    yield* file.write(text)
  })
  yield* Stream.runForEach(held.parts, writePart)
  yield* file.write("\n")
  yield* file.commit
  return true
}, Effect.scoped)

/** The command. */
export const data = Command.make(
  "data",
  flags,
  Effect.fnUntraced(function* (given) {
    if (yield* ProjectFlag.withProject(given, (scope) => write(scope, given))) return
    yield* Output.error("the identifier names no one, or nothing was ever recorded about such a person")
    yield* Effect.sync(() => void (process.exitCode = nothingHeld))
  }),
).pipe(
  (command) =>
    Command.validate(command, ({ keys, out, store }) =>
      Flags.refuseOverwriting({
        outputs: [Flags.named("--out", out)],
        inputs: [{ name: "--keys", at: keys }],
        store: { name: store.name, at: store.url },
      }),
    ),
  Command.withDescription("Write everything that is held about a person, and everyone joined with it, as JSON"),
  Command.withExamples([
    {
      command: "assent people data --email - --out person.json < address.txt",
      description: "Into a file that its owner alone may read",
    },
  ]),
)
