/**
 * A PostgreSQL as few would wish for, but some have: the service's role may read and write rows and nothing else, transactions
 * are serializable, settings of the connection are dropped on the way, and statements fail or lose their connection at random.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import * as Migrations from "../../adapters/postgres/Migrations.ts"
import { emptied, type Postgres } from "./postgres.ts"
import { type Fault, type PostgresProxy, startPostgresProxy } from "./postgresProxy.ts"

/** The role of the service, as docs/operating.md names it. */
export const role = "assent_service"

/** What docs/operating.md grants the service: the first block that begins with a grant. */
const grants = (): string => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/operating.md"), "utf8")
  const block = /```sql\n(GRANT [^`]+)```/.exec(text)?.[1]
  if (block === undefined) throw new Error("docs/operating.md grants nothing")
  return block
}

/**
 * Takes the right to execute from everybody for every function that PostgreSQL's operators, types, casts, aggregates and
 * indexes do not need, but the three that the store calls by name; and the languages that functions are written in.
 */
const revokeFunctions = `
  CREATE SCHEMA faults;
  CREATE FUNCTION faults.fail(code text) RETURNS void LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'made to fail' USING ERRCODE = code; END $$;
  GRANT USAGE ON SCHEMA faults TO ${role};
  DO $$ DECLARE each regprocedure; BEGIN
    FOR each IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f'
      AND p.proname NOT IN ('decode', 'encode', 'unnest')
      AND p.oid NOT IN (SELECT unnest(ARRAY[oprcode, oprrest, oprjoin]) FROM pg_operator)
      AND p.oid NOT IN (SELECT castfunc FROM pg_cast)
      AND p.oid NOT IN (SELECT amproc FROM pg_amproc)
      AND p.oid NOT IN (SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend]) FROM pg_type)
      AND p.oid NOT IN (SELECT unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn]) FROM pg_aggregate)
    LOOP EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || each || ' FROM PUBLIC'; END LOOP;
  END $$;
  REVOKE USAGE ON LANGUAGE plpgsql, sql FROM PUBLIC;`

/** A database of a role without rights, with the tables of a ledger. */
export interface HostileDatabase {
  /** As the role of the service. */
  readonly url: string
  readonly name: string
  /** Takes every row away, but the notes of what was migrated. */
  readonly empty: () => Promise<void>
}

/** Makes one on a server. */
export const makeHostile = async (postgres: Postgres): Promise<HostileDatabase> => {
  const owned = new URL(await postgres.database())
  const name = owned.pathname.slice(1)
  await Effect.runPromise(Migrations.using(owned.href, (sql) => Migrations.run(sql)))
  await postgres.administer(
    `CREATE ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '${owned.password}'`,
  )
  await postgres.administer(`REVOKE ALL ON SCHEMA public FROM PUBLIC; ${grants()} ${revokeFunctions}`, name)
  await postgres.administer(`
    REVOKE ALL ON DATABASE ${name} FROM PUBLIC;
    GRANT CONNECT ON DATABASE ${name} TO ${role};
    ALTER DATABASE ${name} SET default_transaction_isolation = 'serializable'`)
  return { name, url: postgres.url(role, name), empty: async () => void (await postgres.administer(emptied, name)) }
}

/** Before the server: faults as told, and settings of the connection that never arrive. */
export const startHostileProxy = (
  postgres: Postgres,
  fault: (statement: string) => Fault | undefined,
): Promise<PostgresProxy> =>
  startPostgresProxy({
    to: postgres.port,
    fault,
    drop: ["default_transaction_isolation", "synchronous_commit", "lock_timeout"],
    raising: (code) => `SELECT faults.fail('${code}')`,
    terminate: async (processId) => void (await postgres.administer(`SELECT pg_terminate_backend(${processId})`)),
  })

/** Everything that may happen to a statement. */
export const faults: ReadonlyArray<Fault> = [
  { raise: "40001" },
  { raise: "40P01" },
  { raise: "57014" },
  // A pooler tells so of a server that is ending behind it, and keeps the connection.
  { raise: "57P01" },
  "terminate-before",
  "terminate-during",
  "cut-before",
  "cut-after",
  "cut-answer",
]

/** Faults at random: one `COMMIT` in four, and one in a hundred of other statements. Beginning and rolling back raise nothing. */
export const randomFaults = (seed: number): ((statement: string) => Fault | undefined) => {
  let state = seed
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
  return (statement) => {
    const isControl = statement === "BEGIN" || statement === "ROLLBACK"
    const possible = isControl ? faults.filter((fault) => typeof fault === "string") : faults
    const share = statement === "COMMIT" ? 0.25 : 0.01
    return random() < share ? possible[Math.floor(random() * possible.length)] : undefined
  }
}
