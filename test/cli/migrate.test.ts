/**
 * `assent migrate` on a real PostgreSQL, and the statements that it would send to Citus.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { citusRules } from "../support/citusRules.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { workplace } from "./run.ts"

const { run } = workplace()

let postgres: Postgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

const nameOf = (url: string): string => new URL(url).pathname.slice(1)

/** An empty database with functions that have the names and the rules of those of Citus. */
const withRules = async (): Promise<string> => {
  const url = await postgres.database()
  await postgres.administer(citusRules, nameOf(url))
  return url
}

const columns = `SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
  WHERE table_schema = 'public' AND table_name <> 'citus_table' ORDER BY 1, ordinal_position`
const keys = `SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'citus_table' ORDER BY 1`

describe("the tables", () => {
  test("are made once, and then nothing is missing", async () => {
    const url = await postgres.database()
    const first = await run(["migrate", "--store", url])
    expect(first).toEqual({
      code: 0,
      stdout: [
        "applied 1 ledger, for postgres",
        "applied 2 attempts, for postgres",
        "applied 3 people-head, for postgres",
        "applied 4 table-names, for postgres",
        "applied 5 joined-heads, for postgres",
        "applied 6 used-versions, for postgres",
        "applied 7 alias-kinds, for postgres",
        "applied 8 personal-data, for postgres",
        "applied 9 change-feed, for postgres",
        "applied 10 webhooks, for postgres",
        "applied 11 compliance, for postgres",
        "applied 12 outbox-and-files, for postgres",
        "applied 13 tasks-in-outbox, for postgres",
        "applied 14 entry-private, for postgres",
        "applied 15 metrics, for postgres",
        "applied 16 held-erasures, for postgres",
        "",
      ].join("\n"),
      stderr: "",
    })
    const again = await run(["migrate", "--store", url])
    expect(again).toEqual({ code: 0, stdout: "nothing is missing; the tables are for postgres\n", stderr: "" })
  })

  test("that were made for one engine are not said to be another's", async () => {
    const url = await postgres.database()
    await run(["migrate", "--store", url])
    const asked = await run(["migrate", "--store", url, "--engine", "citus"])
    expect(asked.code).toBe(1)
    expect(asked.stderr).toContain("the tables were made for postgres, and cannot become those of citus")
  })

  test("of a script are those of the command, and the script alone changes nothing", async () => {
    const [url, other] = [await postgres.database(), await postgres.database()]
    const { code, stdout } = await run(["migrate", "--store", url, "--script"])
    expect(code).toBe(0)
    expect(await postgres.administer(columns, nameOf(url))).toEqual([])
    await postgres.administer(`SET ROLE assent; ${stdout}`, nameOf(url))
    await run(["migrate", "--store", other])
    for (const statement of [columns, keys, "SELECT number, digest, engine FROM public.migration"]) {
      expect(await postgres.administer(statement, nameOf(url))).toEqual(
        await postgres.administer(statement, nameOf(other)),
      )
    }
    expect((await run(["migrate", "--store", url])).stdout).toBe("nothing is missing; the tables are for postgres\n")
  })

  test("of a file are made when it is opened: there is nothing to migrate", async () => {
    const asked = await run(["migrate", "--store", "sqlite:./ledger.db"])
    expect(asked.code).toBe(2)
    expect(asked.stderr).toContain("nothing to migrate")
  })
})

describe("for Citus", () => {
  test("every table is distributed by its lane, all colocated with the lane heads, and the table of migrations is on every server", async () => {
    const url = await withRules()
    const made = await run(["migrate", "--store", url, "--engine", "citus"])
    expect(made).toMatchObject({ code: 0, stderr: "" })
    const asked = await postgres.administer(
      "SELECT name::text, distribution_column, colocated_with::text FROM citus_table",
      nameOf(url),
    )
    const tables = await postgres.administer(
      "SELECT relname::text AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'citus_table'",
      nameOf(url),
    )
    const expected = tables.map(({ name }) => ({
      name,
      distribution_column: name === "migration" ? null : "lane",
      colocated_with: name === "migration" || name === "lane_head" ? null : "lane_head",
    }))
    const byName = (a: { readonly name?: unknown }, b: { readonly name?: unknown }) =>
      String(a.name).localeCompare(String(b.name))
    expect(asked.toSorted(byName)).toEqual(expected.toSorted(byName))
    expect(asked.length).toBeGreaterThan(10)
  })

  test("tables and keys are the same as for PostgreSQL", async () => {
    const [citus, plain] = [await withRules(), await postgres.database()]
    await run(["migrate", "--store", citus, "--engine", "citus"])
    await run(["migrate", "--store", plain])
    for (const statement of [columns, keys]) {
      expect(await postgres.administer(statement, nameOf(citus))).toEqual(
        await postgres.administer(statement, nameOf(plain)),
      )
    }
  })

  test("a server that starts later finds the engine by itself", async () => {
    const url = await withRules()
    await run(["migrate", "--store", url, "--engine", "citus"])
    expect((await run(["migrate", "--store", url])).stdout).toBe("nothing is missing; the tables are for citus\n")
  })

  test("a database without Citus is refused with that reason, and nothing is made", async () => {
    const url = await postgres.database()
    const asked = await run(["migrate", "--store", url, "--engine", "citus"])
    expect(asked.code).toBe(1)
    expect(asked.stderr).toContain("this database has no Citus: run CREATE EXTENSION citus in it")
    expect(await postgres.administer(columns, nameOf(url))).toEqual([])
  })

  test("the rules refuse a key without the lane, made before or after", async () => {
    const name = nameOf(await withRules())
    const make = "CREATE TABLE public.t (lane bigint NOT NULL, a int);"
    const distribute = "SELECT public.create_distributed_table('public.t', 'lane', 'none');"
    const key = "CREATE UNIQUE INDEX t_a ON public.t (a);"
    for (const statements of [make + key + distribute, make + distribute + key]) {
      await expect(postgres.administer(statements, name)).rejects.toThrow("does not include the partition column")
    }
  })
})
