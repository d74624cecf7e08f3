/** `assent register` and `assent data-systems import`: the record of processing on a terminal and in files. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, expect, test } from "vitest"
import { unzip } from "../support/unzip.ts"
import { workplace } from "./run.ts"

const { folder, run, write } = workplace()
const store = ["--store", `sqlite:${join(folder, "ledger.db")}`]
const read = (name: string) => readFileSync(join(folder, name))

const manifest = {
  system: [
    {
      fides_key: "shop",
      name: "Web shop",
      responsibility: ["Controller"],
      data_security_practices: "Access rights",
      dpo: "dpo@shop.example",
      dataset_references: ["orders"],
      privacy_declarations: [
        {
          name: "Orders and delivery",
          data_use: "essential.service",
          data_categories: ["user.name"],
          data_subjects: ["customer"],
          third_parties: "Parcel services",
        },
      ],
    },
  ],
}

beforeAll(async () => {
  const made = await run(["bootstrap", ...store, "--name", "Corner Shop", "--domain", "shop.example"])
  expect(made.code, made.stderr).toBe(0)
  write("shop.json", JSON.stringify(manifest))
  write("tag.yml", "system: !!set {}\n")
  write("faults.yml", "system: [{ fides_key: 'no key' }]\n")
})

test("a manifest is told first, then imported, and the same again changes nothing", async () => {
  const dry = await run(["data-systems", "import", "shop.json", ...store, "--dry-run"])
  expect([dry.code, dry.stdout.trimEnd().split("\n").at(-1)]).toEqual([
    0,
    "would be: data systems: 1 created, 0 changed, 0 as before; attributes: 2 created",
  ])
  expect(dry.stdout).toContain("not taken over  system.dataset_references (1×): has no place here")
  expect((await run(["data-systems", "import", "shop.json", ...store])).stdout).toContain("created  Web shop (shop)")
  const again = await run(["data-systems", "import", "shop.json", ...store, "--json"])
  expect(JSON.parse(again.stdout)).toMatchObject({ dryRun: false, systems: [{ outcome: "unchanged" }], attributes: [] })
})

test("a manifest runs no command of the terminal, and hides nothing in it", async () => {
  write("hostile.yml", 'system: [{ fides_key: hostile, name: "a\\e[2Jb\\u009b1mc\\u202ed" }]')
  const { stdout } = await run(["data-systems", "import", "hostile.yml", ...store, "--dry-run"])
  expect(stdout).toContain("created  a\uFFFD[2Jb\uFFFD1mc\uFFFDd (hostile)\n")
})

test("a file without data systems is refused in words, and so is a record whose ending names no format", async () => {
  write("empty.yml", "")
  const [empty, pdf] = await Promise.all([
    run(["data-systems", "import", "empty.yml", ...store]),
    run(["register", "--out", "record.pdf", ...store]),
  ])
  expect([empty.code, empty.stderr]).toEqual([2, expect.stringContaining("needs system, a list of data systems")])
  expect([pdf.code, pdf.stderr]).toEqual([2, expect.stringContaining("for a PDF, print the page (.html)")])
})

test("a manifest that cannot be read, or has faults, is refused with its places, and nothing is changed", async () => {
  const outcomes = await Promise.all(
    ["tag.yml", "faults.yml", "none.yml"].map((file) => run(["data-systems", "import", file, ...store])),
  )
  expect(outcomes.map(({ code }) => code)).toEqual([2, 2, 2])
  expect(
    outcomes.map(({ stderr }) =>
      stderr
        .trim()
        .split("\n")
        .find((line) => line.includes(".yml: ") && !line.includes("read ")),
    ),
  ).toEqual([
    "tag.yml: line 1: has a tag: write plain values",
    "faults.yml: /system/0/fides_key: expected letters, digits, and any of _ . < > -",
    "error: none.yml: no such file",
  ])
})

test("a terminal shows the record with what is missing, and --complete ends with 2", async () => {
  const shown = await run(["register", ...store])
  expect(shown.code).toBe(0)
  expect(shown.stdout).toContain("Record of processing activities of Corner Shop (GDPR, article 30(1))")
  expect(shown.stdout).toContain("Web shop: 1 thing missing\n  30(1)(f) say how long the data is kept, such as P2Y")
  expect((await run(["register", ...store, "--complete"])).code).toBe(2)
  expect((await run(["register", ...store, "--complete", "--as", "processor"])).code).toBe(0)
})

test("the ending of a file says its format, and the record has where contacts are reached", async () => {
  for (const name of ["r.html", "r.csv", "r.json", "r.xlsx", "r.yaml", "r.jsonld"])
    expect((await run(["register", ...store, "--out", name])).code).toBe(0)
  expect(read("r.html").toString()).toContain("<h1>Record of processing activities</h1>")
  expect(read("r.csv").toString()).toContain("dpo@shop.example")
  expect(JSON.parse(read("r.json").toString()).items).toHaveLength(3)
  expect((await unzip(read("r.xlsx"))).size).toBe(6)
  expect((await run(["data-systems", "import", "r.yaml", ...store])).stdout).toContain("0 created, 0 changed")
  const refused = await run(["register", ...store, "--out", "r.txt"])
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("--format: say which")])
  expect((await run(["register", ...store, "--project", "none"])).code).toBe(2)
  expect((await run(["register", ...store, "--organization", "none"])).code).toBe(2)
})
