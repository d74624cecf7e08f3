import { describe, expect, it } from "vitest"
import { line, linesOf, workplace } from "./run.ts"

const place = workplace()

place.write(
  "types.json",
  JSON.stringify({
    items: [
      {
        id: "news",
        category: "marketing",
        subcategory: "email",
        label: "newsletter",
        rules: { maxAge: { accepted: "P1M" } },
        versions: [
          { version: 1, publishedAt: "2020-01-01T00:00:00Z" },
          { version: 2, publishedAt: "2024-02-10T00:00:00Z", requireReaccept: true, grace: "P5D" },
        ],
      },
    ],
  }),
)
place.write("rules.json", JSON.stringify([{ match: { category: "marketing" }, rules: { maxAge: { accepted: null } } }]))
const events = [
  line({ id: "e3", concordId: "bob", consentState: "declined", version: null }),
  line({ note: "kept as it is", big: 1 }).replace('"big":1', '"big": 12345678901234567890'),
  line({ id: "e2", consentType: "other", consentState: "viewed", version: undefined }),
]
place.write("events.ndjson", `${events.join("\n")}\n`)

const at = "2024-02-05T00:00:00Z"
const known = ["--known-at", "2024-03-01T00:00:00Z"]

describe("decisions", () => {
  it("writes one line per person and type, sorted", async () => {
    const args = ["decisions", "--types", "types.json", "--events", "events.ndjson", "--at", at, ...known]
    const { code, stdout, stderr } = await place.run(args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(linesOf(stdout)).toEqual([
      {
        concordId: "ann",
        consentType: "news",
        category: "marketing",
        subcategory: ["email"],
        label: "newsletter",
        at: "2024-02-05T00:00:00.000Z",
        knownAt: "2024-03-01T00:00:00.000Z",
        status: "given",
        permitted: true,
        askAgain: false,
        event: "e1",
        version: 1,
        since: "2024-01-31T00:00:00.000Z",
        expiresAt: "2024-02-29T00:00:00.000Z",
        nextChangeAt: "2024-02-15T00:00:00.000Z",
        because: { rule: "live-choice", lost: [] },
      },
      expect.objectContaining({ concordId: "ann", consentType: "other", status: "requested", version: 1 }),
      expect.objectContaining({ concordId: "bob", consentType: "news", status: "refused", version: 1 }),
    ])
  })

  it("lays rules.json over the types' own rules", async () => {
    const args = [
      "decisions",
      "--types",
      "types.json",
      "--rules",
      "rules.json",
      "--events",
      "events.ndjson",
      "--at",
      at,
    ]
    const { stdout } = await place.run([...args, ...known])
    expect(linesOf(stdout)[0]).not.toHaveProperty("expiresAt")
  })

  it("answers unknown where nothing was known or had happened", async () => {
    const { stdout } = await place.run(["decisions", "--events", "events.ndjson", "--known-at", "2023-01-01T00:00:00Z"])
    expect(linesOf(stdout).map(({ status }) => status)).toEqual(["unknown", "unknown", "unknown"])
  })

  it("reads the clock once for what is left out", async () => {
    const before = Date.now()
    const { stdout } = await place.run(["decisions", "--events", "events.ndjson"])
    for (const { at, knownAt } of linesOf(stdout)) {
      expect(at).toBe(knownAt)
      expect(Date.parse(String(at))).toBeGreaterThanOrEqual(before)
      expect(Date.parse(String(at))).toBeLessThanOrEqual(Date.now())
    }
  })

  it.each(["events", "types", "rules"])("reads --%s from standard input", async (which) => {
    const files: { [name: string]: string } = { events: "events.ndjson", types: "types.json", rules: "rules.json" }
    const flags = (piped: string) =>
      Object.entries(files).flatMap(([name, file]) => [`--${name}`, name === piped ? "-" : file])
    const { readFileSync } = await import("node:fs")
    const stdin = readFileSync(`${place.folder}/${files[which]}`)
    const question = ["decisions", "--at", at, ...known]
    const piped = await place.run([...question, ...flags(which)], { stdin })
    expect(piped).toEqual(await place.run([...question, ...flags("none")]))
    expect(piped.code).toBe(0)
  })

  it("takes blank lines, CR LF, a byte order mark and a last line without an end", async () => {
    const args = ["decisions", "--events", "-", "--at", at, ...known]
    const plain = await place.run(args, { stdin: events.join("\n") })
    const odd = await place.run(args, { stdin: `\uFEFF${events.join("\r\n\r\n  \r\n")}` })
    expect(odd).toEqual(plain)
  })

  it("sorts by UTF-16 code units, and keeps ids that no encoding can hold", async () => {
    const ids = ["\ud800", "\u0000", "\uffee", "\u{1f600}", "a", "\ud7ff", "a\u0000", "Z", "é"]
    const stdin = ids.map((concordId, index) => line({ id: `e${index}`, concordId })).join("\n")
    const { stdout } = await place.run(["decisions", "--events", "-"], { stdin })
    expect(linesOf(stdout).map(({ concordId }) => concordId)).toEqual(ids.toSorted())
  })

  it("writes nothing about an empty file", async () => {
    expect(await place.run(["decisions", "--events", "-"])).toEqual({ code: 0, stdout: "", stderr: "" })
  })

  it("warns of a rule that matches no type", async () => {
    const stdin = JSON.stringify([
      { match: { consentType: "other" }, rules: {} },
      { match: { label: "nobody has it" }, rules: {} },
    ])
    const { code, stderr } = await place.run(["decisions", "--events", "events.ndjson", "--rules", "-"], { stdin })
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "warning: standard input: /1/match: matches no consent type\n",
    })
  })
})

describe("state", () => {
  it("writes the deciding lines as they came", async () => {
    const { code, stdout } = await place.run([
      "state",
      "--types",
      "types.json",
      "--events",
      "events.ndjson",
      "--at",
      at,
    ])
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${events[1]}\n${events[2]}\n${events[0]}\n` })
  })

  it("leaves out what has lapsed or is not known", async () => {
    const lapsed = await place.run(["state", "--types", "types.json", "--events", "events.ndjson", ...known])
    expect(linesOf(lapsed.stdout).map(({ id }) => id)).toEqual(["e2", "e3"])
    const unknown = await place.run(["state", "--events", "events.ndjson", "--known-at", "2023-01-01T00:00:00Z"])
    expect(unknown.stdout).toBe("")
  })
})

describe("timeline", () => {
  it("writes every change of one person's answers", async () => {
    const args = ["timeline", "--person", "ann", "--types", "types.json", "--events", "events.ndjson", ...known]
    const { code, stdout, stderr } = await place.run(args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(linesOf(stdout).map(({ at, consentType, label, status }) => [at, consentType, label, status])).toEqual([
      ["2024-01-31T00:00:00.000Z", "news", "newsletter", "given"],
      ["2024-01-31T00:00:00.000Z", "other", undefined, "requested"],
      ["2024-02-15T00:00:00.000Z", "news", "newsletter", "invalidated"],
    ])
  })

  it("says when nothing is known of the person, without the name", async () => {
    const { code, stdout, stderr } = await place.run(["timeline", "--person", "carol", "--events", "events.ndjson"])
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" })
    expect(stderr).toBe("warning: --person: no event about this person is known\n")
  })
})

describe("help and version", () => {
  it.each([["--help"], ["decisions", "--help"], ["state", "--help"], ["timeline", "--help"]])(
    "%s %s",
    async (...args) => {
      const { code, stdout, stderr } = await place.run(args)
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
      expect(stdout).toContain("USAGE")
    },
  )

  it("--version", async () => {
    const { code, stdout } = await place.run(["--version"])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^assent \d+\.\d+\.\d+\n$/)
  })
})
