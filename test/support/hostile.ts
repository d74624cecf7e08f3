/**
 * A PostgreSQL under bad conditions: the service's role may read and write rows and nothing else, transactions are
 * serializable, settings of the connection are dropped by a proxy, and statements fail or lose their connection at
 * random.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import * as Migrations from "../../adapters/postgres/Migrations.ts"
import { emptied, type Postgres } from "./postgres.ts"
import { type Fault, type PostgresProxy, startPostgresProxy } from "./postgresProxy.ts"

/** The role of the service in docs/operating.md. */
export const role = "assent_service"

/** The grants of the service in docs/operating.md: the first block of SQL that begins with a grant. */
const grants = (): string => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/operating.md"), "utf8")
  const block = /```sql\n(GRANT [^`]+)```/.exec(text)?.[1]
  if (block === undefined) throw new Error("docs/operating.md grants nothing")
  return block
}

/**
 * Revokes the right to execute from all roles, for every function except those that operators, types, casts, aggregates
 * and indexes need and the four that the store calls by name; and the right to use the languages that functions are
 * written in.
 */
const revokeFunctions = `
  CREATE SCHEMA faults;
  CREATE FUNCTION faults.fail(code text) RETURNS void LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'made to fail' USING ERRCODE = code; END $$;
  GRANT USAGE ON SCHEMA faults TO ${role};
  DO $$ DECLARE each regprocedure; BEGIN
    FOR each IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f'
      AND p.proname NOT IN ('char_length', 'decode', 'encode', 'unnest')
      AND p.oid NOT IN (SELECT unnest(ARRAY[oprcode, oprrest, oprjoin]) FROM pg_operator)
      AND p.oid NOT IN (SELECT castfunc FROM pg_cast)
      AND p.oid NOT IN (SELECT amproc FROM pg_amproc)
      AND p.oid NOT IN (SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend]) FROM pg_type)
      AND p.oid NOT IN (SELECT unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn]) FROM pg_aggregate)
    LOOP EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || each || ' FROM PUBLIC'; END LOOP;
  END $$;
  REVOKE USAGE ON LANGUAGE plpgsql, sql FROM PUBLIC;`

/** A database with the tables of a ledger, and a role that has no other rights than to rows. */
export interface HostileDatabase {
  /** With the role of the service. */
  readonly url: string
  readonly name: string
  /** Removes all rows, except the applied migrations. */
  readonly empty: () => Promise<void>
}

/** Creates such a database on a server. */
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

/** Starts a proxy that does faults, and drops settings of the connection. */
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

/** All faults of a statement. */
export const faults: ReadonlyArray<Fault> = [
  { raise: "40001" },
  { raise: "40P01" },
  { raise: "57014" },
  // A pooler sends this error when its server is stopping, and keeps the connection to the client.
  { raise: "57P01" },
  "terminate-before",
  "terminate-during",
  "cut-before",
  "cut-after",
  "cut-answer",
]

/**
 * Random faults: of one `COMMIT` in four, and of one in a hundred other statements. `BEGIN` and `ROLLBACK` raise no
 * error.
 */
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
