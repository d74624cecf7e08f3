/** The machine's PostgreSQL, with databases made as docs/operating.md says under "Roles". */
import type { Installed } from "../support/installedPostgres.ts"
import { blocksOf } from "./snippets/blocks.ts"

/** The blocks under a heading of docs/operating.md, in order. */
export const blocks = (heading: string, language: string): ReadonlyArray<string> =>
  blocksOf("docs/operating.md")
    .filter((block) => block.heading === heading && block.language === language)
    .map(({ text }) => text)

/** The URL of a database for a role. */
export const urlOf = ({ port }: Pick<Installed, "port">, role: string, database: string): string =>
  `postgres://${role}:x@127.0.0.1:${port}/${database}`

/** The variables that the page sets first, for a database. */
export const named = (installed: Installed, database: string) => ({
  OWNER: urlOf(installed, "assent_owner", database),
  SERVICE: urlOf(installed, "assent_service", database),
  ADMIN: urlOf(installed, "postgres", database),
})

/** Makes a database with the roles, the tables and the grants of the page. Returns its variables. */
export const prepare = (installed: Installed, database: string): ReturnType<typeof named> => {
  const cluster = urlOf(installed, "postgres", "postgres")
  const [roles, grants] = blocks("Roles", "sql")
  const isFirst = installed.rows("SELECT 1 FROM pg_roles WHERE rolname = 'assent_owner'", cluster).length === 0
  const statements = roles!.split("\n").filter((line) => isFirst || !line.startsWith("CREATE ROLE"))
  for (const each of statements.filter((line) => line !== "")) {
    installed.rows(each.replace("DATABASE assent ", `DATABASE ${database} `), cluster)
  }
  const variables = named(installed, database)
  installed.run(blocks("Roles", "sh")[0]!, variables)
  installed.rows(grants!, variables.OWNER)
  return variables
}
