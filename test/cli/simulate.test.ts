/**
 * `assent simulate`: its files, its exit codes, and what it refuses.
 */
import { once } from "node:events"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import * as RulePacks from "../../rule-packs/RulePacks.ts"
import { line, linesOf, workplace } from "./run.ts"

const place = workplace()
const jan31 = "2024-01-31T00:00:00.000Z"

place.write(
  "events.ndjson",
  [
    line({ id: "e1", concordId: "ben", consentDate: jan31 }),
    line({ id: "e2", concordId: "ann", consentDate: jan31 }),
    line({ id: "e3", concordId: "ann", consentType: "calls", consentDate: jan31, consentState: "implied" }),
    line({
      id: "e4",
      concordId: "ben",
      consentState: "declined",
      consentDate: "2024-09-01T00:00:00.000Z",
      dateCreated: "2024-09-01T00:00:00.000Z",
    }),
  ].join("\n"),
)
const six = { match: { consentType: "news" }, rules: { maxAge: { accepted: "P6M" } } }
place.write("six.json", JSON.stringify([six]))
place.write("types.json", JSON.stringify({ items: [{ id: "news", category: "marketing", label: "newsletter" }] }))

const window = ["--from", "2024-01-01", "--until", "2025-01-01T00:00:00.000Z"]
const question = ["simulate", "--events", "events.ndjson", "--types", "types.json", ...window]
const read = (name: string): string => readFileSync(join(place.folder, name), "utf8")
const given = { status: "given", permitted: true, askAgain: false }
const expired = { status: "expired", permitted: false, askAgain: true }

it("writes every interval on which an answer differs, sorted, with before, after and why", async () => {
  const { code, stderr, stdout } = await place.run([...question, "--candidate", "six.json", "--out", "diff.ndjson"])
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  expect(linesOf(read("diff.ndjson"))).toEqual([
    {
      concordId: "ann",
      consentType: "news",
      category: "marketing",
      label: "newsletter",
      from: "2024-07-31T00:00:00.000Z",
      until: "2025-01-01T00:00:00.000Z",
      before: given,
      after: expired,
      because: {
        before: { event: "e2", rule: "live-choice", lost: [] },
        after: {
          event: "e2",
          rule: "lapsed",
          lapse: { reason: "expired", at: "2024-07-31T00:00:00.000Z" },
          lost: [],
        },
      },
    },
    expect.objectContaining({
      concordId: "ben",
      from: "2024-07-31T00:00:00.000Z",
      until: "2024-09-01T00:00:00.000Z",
      before: given,
      after: expired,
    }),
  ])
  expect(stdout).toContain("4 events, 2 people, 3 answers")
  expect(stdout).toMatch(/loses permission +2 +100 % +2 +66.67 %/)
  expect(stdout).toContain("marketing / newsletter")
  expect(readdirSync(place.folder).filter((name) => name.endsWith(".tmp"))).toEqual([])
})

it("writes the summary as JSON, with the totals of every day and a digest of every input", async () => {
  const { stdout } = await place.run([...question, "--candidate", "six.json", "--json"])
  const summary = JSON.parse(stdout)
  expect(summary).toMatchObject({
    events: 4,
    population: { people: 2, pairs: 3 },
    changed: { people: 2, pairs: 2 },
    losesPermission: { people: 2, pairs: 2 },
    gainsPermission: { people: 0, pairs: 0 },
    mustBeAskedAgain: { people: 2, pairs: 2 },
    mayBeAskedAgain: { people: 0, pairs: 0 },
    transitions: [{ consentType: "news", before: "given", after: "expired", pairs: 2 }],
    reasons: [{ reason: "an accepted answer has expired", pairs: 2 }],
    candidate: { rules: [six] },
    step: "P1D",
  })
  expect(summary.days).toHaveLength(366)
  const day = (date: string) => summary.days.find(({ at }: { at: number }) => at === Date.parse(date))
  expect(day("2024-07-30")).toMatchObject({ permittedBefore: 3, permittedAfter: 3, mustAskBefore: 0, mustAskAfter: 0 })
  expect(day("2024-07-31")).toMatchObject({ permittedBefore: 3, permittedAfter: 1, mustAskBefore: 0, mustAskAfter: 2 })
  expect(summary.inputs.map(({ name }: { name: string }) => name)).toEqual(["events.ndjson", "types.json", "six.json"])
  for (const { sha256 } of summary.inputs) expect(sha256).toMatch(/^[0-9a-f]{64}$/)
})

it("finds nothing where the candidate is what is in force", async () => {
  for (const same of [
    ["--baseline", "six.json", "--candidate", "six.json"],
    ["--baseline", "six.json", "--candidate-types", "types.json"],
  ]) {
    const { code, stderr } = await place.run([...question, ...same, "--exit-code", "--out", "same.ndjson"])
    expect({ code, stderr, diff: read("same.ndjson") }).toEqual({ code: 0, stderr: "", diff: "" })
  }
})

it("takes a version that the candidate publishes later to be known now", async () => {
  const versions = [{ version: 2, publishedAt: "2099-03-01T00:00:00Z", requireReaccept: true, grace: "P30D" }]
  place.write("v2.json", JSON.stringify({ items: [{ id: "news", versions }] }))
  const { code } = await place.run([
    ...["simulate", "--events", "events.ndjson", "--types", "types.json", "--candidate-types", "v2.json"],
    ...["--from", "2099-01-01", "--until", "2100-01-01", "--out", "v2.ndjson"],
  ])
  expect(code).toBe(0)
  expect(linesOf(read("v2.ndjson"))).toMatchObject([
    {
      concordId: "ann",
      from: "2099-03-31T00:00:00.000Z",
      until: "2100-01-01T00:00:00.000Z",
      after: { status: "invalidated", permitted: false, askAgain: true },
      because: { after: { lapse: { reason: "invalidated", version: 2 } } },
    },
  ])
})

describe("the exit code", () => {
  const candidate = [...question, "--candidate", "six.json"]
  it.each([
    ["0 without being asked", [], 0],
    ["1 with --exit-code when anything changes", ["--exit-code"], 1],
    ["3 when more lose permission than allowed", ["--fail-on", "lost-permission=0.5%"], 3],
    ["3 also with --exit-code", ["--exit-code", "--fail-on", "lost-permission=1"], 3],
    ["0 at exactly the limit", ["--fail-on", "lost-permission=100%"], 0],
    ["0 at exactly the limit of people", ["--fail-on", "must-be-asked-again=2"], 0],
    ["3 when more must be asked again than allowed", ["--fail-on", "must-be-asked-again=1"], 3],
    ["0 when none may be asked again after a no", ["--fail-on", "may-be-asked-again=0"], 0],
  ])("is %s", async (_, flags, expected) => {
    const { code, stderr } = await place.run([...candidate, ...flags])
    expect(code).toBe(expected)
    expect(stderr.includes("of 2 people, more than")).toBe(expected === 3)
  })
})

describe("a no that has lapsed", () => {
  place.write(
    "no.ndjson",
    [
      line({ id: "e1", concordId: "ann", consentDate: jan31 }),
      line({ id: "e2", concordId: "ben", consentDate: jan31, consentState: "declined" }),
    ].join("\n"),
  )
  const asked = ["simulate", "--events", "no.ndjson", ...window, "--candidate", "pack:cnil@2020-09"]

  it("may be asked about again, and is not among those that must be asked", async () => {
    const { stdout } = await place.run(asked)
    expect(stdout).toMatch(/must be asked again +1 +50 % +1 +50 %/)
    expect(stdout).toMatch(/may be asked again +1 +50 % +1 +50 %/)
    const summary = JSON.parse((await place.run([...asked, "--json"])).stdout)
    expect(summary).toMatchObject({ mustBeAskedAgain: { people: 1 }, mayBeAskedAgain: { people: 1 } })
    expect(summary.days.find(({ at }: { at: number }) => at === Date.parse("2024-07-31"))).toMatchObject({
      mustAskAfter: 1,
      mayAskAfter: 1,
    })
  })

  it("has a limit of its own, and the name for both together is refused with the two", async () => {
    expect((await place.run([...asked, "--fail-on", "may-be-asked-again=0"])).code).toBe(3)
    const { code, stderr } = await place.run([...asked, "--fail-on", "asked-again=0"])
    expect(code).toBe(2)
    expect(stderr).toContain("must-be-asked-again")
    expect(stderr).toContain("may-be-asked-again")
  })
})

describe("rules are read", () => {
  const changed = async (...flags: ReadonlyArray<string>) => {
    const { code, stderr, stdout } = await place.run([...question, ...flags, "--json"])
    return code === 0 ? JSON.parse(stdout) : stderr
  }

  it("as a list, as the object that the report and a script show, and as the file of a rule pack", async () => {
    place.write("object.json", JSON.stringify({ rules: [six] }))
    const expected = await changed("--candidate", "six.json")
    for (const [name, content] of [
      ["object.json", { rules: [six] }],
      ["copied.json", { ...RulePacks.all[0], rules: [six] }],
    ] as const) {
      place.write(name, JSON.stringify(content))
      const { candidate, losesPermission } = await changed("--candidate", name)
      expect({ candidate, losesPermission }).toEqual({
        candidate: expected.candidate,
        losesPermission: expected.losesPermission,
      })
    }
  })

  it.each([
    ["3", "expected a list of"],
    ["{}", '{ "rules": [ … ] }'],
    ['{ "rules": {} }', "/rules: expected a list of"],
    ['{ "rules": [], "titel": "x" }', "/titel: no such member"],
  ])("%s is refused with the two forms", async (content, reason) => {
    place.write("wrong.json", content)
    expect(await changed("--candidate", "wrong.json")).toContain(reason)
  })
})

it("names a rule pack, its text, its notes and that it is not legal advice: in the tables and the summary", async () => {
  const pack = RulePacks.all.find(({ id }) => id === "cnil")
  const { id: _, rules: __, version: ___, ...said } = pack!
  const asked = [...question, "--candidate", "pack:cnil@2020-09"]
  const { packs } = JSON.parse((await place.run([...asked, "--json"])).stdout)
  expect(packs).toEqual([{ side: "candidate", reference: "pack:cnil@2020-09", ...said }])
  const { stdout } = await place.run(asked)
  const words = stdout.replaceAll(/\s+/g, " ")
  for (const text of ["pack:cnil@2020-09", said.title, said.summary, said.source, ...said.notes, said.warning]) {
    expect(words).toContain(text)
  }
  place.write("copied.json", JSON.stringify({ ...pack, warning: undefined }))
  const both = await place.run([...question, "--baseline", "copied.json", "--candidate", "six.json", "--json"])
  expect(JSON.parse(both.stdout).packs).toMatchObject([
    {
      side: "baseline",
      reference: "copied.json",
      title: said.title,
      warning: expect.stringContaining("not legal advice"),
    },
  ])
})

it("takes a rule pack for the candidate, and writes a report that names it and loads nothing", async () => {
  const { code } = await place.run([
    ...[...question, "--candidate", "pack:cnil@2020-09"],
    ...["--exit-code", "--report", "report.html"],
  ])
  expect(code).toBe(1)
  const report = read("report.html")
  expect(report).toContain("people lose a permission")
  expect(report).toContain("a yes counts for 6 months")
  for (const text of [
    "pack:cnil@2020-09",
    "CNIL (France)",
    "https://www.cnil.fr/",
    "It is about trackers.",
    "not legal advice",
  ]) {
    expect(report).toContain(text)
  }
  expect(report).not.toMatch(/<script|<link|src=/)
  // The report names no person, because it is passed on.
  expect(report).not.toMatch(/\b(ann|ben)\b/)
  expect(readdirSync(place.folder).filter((name) => name.endsWith(".tmp"))).toEqual([])
})

describe("events as CSV", () => {
  const header = ["id", "concordId", "consentType", "consentState", "consentDate", "dateCreated"]
  const ofCsv = (name: string) => [...question.with(2, name), "--candidate", "six.json"]

  it.each([",", ";", "\t", "|"])("are read with %j between the fields", async (delimiter) => {
    const rows = [header, ["e1", "ann", "news", "accepted", jan31, jan31]]
    place.write("events.csv", rows.map((row) => row.join(delimiter)).join("\n"))
    const { code, stdout } = await place.run(ofCsv("events.csv"))
    expect(code).toBe(0)
    expect(stdout).toMatch(/loses permission +1 +100 %/)
  })

  it.each([
    [
      "WINDOWS-1252",
      Buffer.from("é", "latin1"),
      "line 2: not UTF-8: if Windows wrote the file, convert it with iconv -f WINDOWS-1252 -t UTF-8 FILE > CONVERTED",
    ],
    ["UTF-16", undefined, "not UTF-8 but UTF-16: convert the file with iconv -f UTF-16 -t UTF-8 FILE > CONVERTED"],
  ])("in %s are refused with the command that converts them", async (_, name, reason) => {
    const text = `${header.join(",")}\ne1,ann,news,accepted,${jan31},${jan31}\n`
    const [before = "", after = ""] = text.split("ann")
    const bytes =
      name === undefined
        ? Buffer.from(`\ufeff${text}`, "utf16le")
        : Buffer.concat([Buffer.from(before), name, Buffer.from(after)])
    place.write("encoded.csv", bytes)
    const { code, stderr } = await place.run(ofCsv("encoded.csv"))
    expect(code).toBe(2)
    expect(stderr).toContain(`encoded.csv: ${reason}`)
  })
})

it("warns of a rule that matches nothing", async () => {
  place.write("none.json", JSON.stringify([{ match: { label: "no such" }, rules: {} }, six]))
  const { code, stderr } = await place.run([...question, "--candidate", "none.json"])
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: "warning: none.json: /0/match: matches no consent type; the ledger has marketing / newsletter\n",
  })
})

it("takes version 1 of a type without versions for one that was always there", async () => {
  const versions = [{ version: 1, publishedAt: "2020-01-01T00:00:00Z" }]
  place.write("v1.json", JSON.stringify({ items: [{ id: "news", versions }] }))
  const { code, stderr } = await place.run([...question, "--candidate-types", "v1.json", "--exit-code"])
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
})

describe("refuses, having written nothing", () => {
  const rules = (maxAge: unknown) => JSON.stringify([{ match: {}, rules: { maxAge } }])
  place.write("impossible.json", rules({ accepted: "P-6M" }))
  place.write("misspelt.json", JSON.stringify([{ match: {}, rules: { maxage: {} } }]))
  place.write(
    "dated.json",
    JSON.stringify({
      items: [{ id: "news", versions: [{ version: 2, publishedAt: jan31, dateCreated: "2024-02-01T00:00:00Z" }] }],
    }),
  )
  const past = [{ version: 2, publishedAt: "2024-06-01T00:00:00Z", requireReaccept: true }]
  place.write("past.json", JSON.stringify({ items: [{ id: "news", versions: past }] }))
  place.write("bad.ndjson", `${line()}\n{"id": 1}\n`)
  const events = ["--events", "events.ndjson"]
  const candidate = ["--candidate", "six.json"]
  it.each([
    ["an impossible duration", [...events, ...window, "--candidate", "impossible.json"], "/0/rules/maxAge/accepted"],
    ["a misspelt rule", [...events, ...window, "--candidate", "misspelt.json"], "/0/rules/maxage"],
    [
      "a back-dated version",
      [...events, ...window, "--candidate-types", "dated.json"],
      "/items/0/versions/0/publishedAt",
    ],
    [
      "a new version in the past",
      [...events, "--types", "types.json", ...window, "--candidate-types", "past.json"],
      "past.json: /items/0/versions/0/publishedAt: a new version cannot be back-dated: 2024-06-01T00:00:00.000Z is before",
    ],
    [
      "a window that ends before it begins",
      [...events, ...candidate, "--from", "2025-01-01", "--until", "2024-01-01"],
      "--until: the window must end after it begins",
    ],
    [
      "a window that ends where it begins",
      [...events, ...candidate, "--from", "2025-01-01", "--until", "2025-01-01"],
      "--until",
    ],
    ["an unknown rule pack", [...events, ...window, "--candidate", "pack:cnil@1999-01"], "pack:cnil@1999-01"],
    ["a bad line", ["--events", "bad.ndjson", ...window, ...candidate], "bad.ndjson: line 2"],
    ["a file that is not there", ["--events", "none.ndjson", ...window, ...candidate], "none.ndjson: no such file"],
    ["no ledger", [...window, ...candidate], "--store, --events, or the variable ASSENT_STORE"],
    ["two ledgers", [...events, "--store", "sqlite:a.db", ...window, ...candidate], "--store or --events"],
    ["no candidate", [...events, ...window], "--candidate"],
    ["a limit without a number", [...events, ...window, ...candidate, "--fail-on", "lost-permission"], "--fail-on"],
    ["a share above all", [...events, ...window, ...candidate, "--fail-on", "changed=101%"], "--fail-on"],
    [
      "an instant without a zone",
      [...events, ...candidate, "--from", "2024-01-01T00:00", "--until", "2025-01-01"],
      "--from",
    ],
  ])("%s", async (_, flags, reason) => {
    const { code, stdout, stderr } = await place.run([
      "simulate",
      ...flags,
      "--out",
      "refused.ndjson",
      "--report",
      "refused.html",
    ])
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toContain(reason)
    for (const name of ["refused.ndjson", "refused.html"]) expect(existsSync(join(place.folder, name))).toBe(false)
    expect(readdirSync(place.folder).filter((name) => name.endsWith(".tmp"))).toEqual([])
  })
})

it("leaves what was there, and no half file, when it is interrupted", async () => {
  place.write("old.ndjson", "old\n")
  const child = place.start(["simulate", "--events", "-", ...window, "--candidate", "six.json", "--out", "old.ndjson"])
  child.stdin?.on("error", () => undefined)
  for (let index = 0; index < 50_000; index++) {
    child.stdin?.write(`${line({ id: `e${index}`, concordId: `p${index}` })}\n`)
  }
  const unfinished = () => readdirSync(place.folder).filter((name) => name.endsWith(".tmp"))
  await expect.poll(unfinished, { timeout: 30_000 }).toHaveLength(1)
  child.kill("SIGINT")
  const [code] = await once(child, "exit")
  expect(code).toBe(130)
  expect(read("old.ndjson")).toBe("old\n")
  expect(unfinished()).toEqual([])
  expect(place.temporaryFiles()).toEqual([])
})
