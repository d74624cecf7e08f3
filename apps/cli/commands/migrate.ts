/**
 * `assent migrate`: makes the tables of a PostgreSQL database with a privileged role, so that the service's role needs
 * no privilege to make tables.
 */
import { Console, Effect, Option } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import * as Migrations from "../../../adapters/postgres/Migrations.ts"
import * as Store from "../../Store.ts"
import * as StoreName from "../../StoreName.ts"
import * as StoreFlag from "../StoreFlag.ts"

const flags = {
  store: StoreFlag.flag("postgres://…, with a role that owns the tables or may make them", {
    accepts: Store.isUrl,
    form: Store.form,
  }),
  engine: Flag.Literals("engine", Migrations.engines).pipe(
    Flag.withDescription("What the tables are made for; a database that has tables keeps what it was made for"),
    Flag.optional,
  ),
  script: Flag.Boolean("script").pipe(
    Flag.withDescription("Print the missing statements, for psql, and change nothing"),
    Flag.withDefault(false),
  ),
}

type Flagged = Command.Command.Config.Infer<typeof flags>

const validate = ({ store }: Flagged): Effect.Effect<void, CliError.ValidationError> =>
  store.url.startsWith("postgres")
    ? Effect.void
    : Effect.fail(
        new CliError.ValidationError({
          message: `${store.name}: a SQLite file gets its tables when it is opened: nothing to migrate`,
        }),
      )

const asText = ({ engine, migrations }: Migrations.Missing): string =>
  migrations.length === 0
    ? `nothing is missing; the tables are for ${engine}`
    : migrations.map(({ name, number }) => `applied ${number} ${name}, for ${engine}`).join("\n")

/** The command. */
export const command = Command.make(
  "migrate",
  flags,
  Effect.fnUntraced(function* ({ engine, script, store }) {
    if (!script) yield* StoreFlag.printIfFromEnvironment(store)
    const asked = Option.getOrUndefined(engine)
    const migrating = Migrations.using(store.url, (sql) =>
      script ? Migrations.find(sql, asked) : Migrations.run(sql, asked),
    )
    const missing = yield* StoreName.inEffect(store.name, migrating)
    yield* Console.log(script ? Migrations.script(missing).trimEnd() : asText(missing))
  }),
).pipe(
  (command) => Command.validate(command, validate),
  Command.withExamples([
    { command: "assent migrate --store postgres://owner:secret@db/assent", description: "Make what is missing" },
    { command: "assent migrate --store postgres://… --engine citus --script", description: "Print it, for Citus" },
  ]),
)
