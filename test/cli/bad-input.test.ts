import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { notUtf8 } from "../../adapters/support/Encoding.ts"
import { line, workplace } from "./run.ts"

const place = workplace()
place.write("good.ndjson", `${line()}\n`)

/** Runs `decisions` on sixteen good lines and then this content. */
const withEvents = (content: string | Uint8Array) => {
  const good = `${Array.from({ length: 16 }, (_, index) => line({ id: `g${index}` })).join("\n")}\n`
  return place.run(["decisions", "--events", "-"], {
    stdin: Buffer.concat([Buffer.from(good), typeof content === "string" ? Buffer.from(content) : content]),
  })
}

describe("events", () => {
  const refused: ReadonlyArray<readonly [string, string, string]> = [
    ["a text that is not a date", line({ consentDate: "yesterday" }), "/consentDate: expected an ISO 8601 date-time"],
    ["a date without an offset", line({ dateCreated: "2024-01-31T00:00:00" }), "/dateCreated: expected an ISO 8601"],
    ["an unknown state", line({ consentState: "maybe" }), "/consentState: "],
    ["a missing field", line({ concordId: undefined }), "/concordId: "],
    ["an empty id", line({ id: "" }), "/id: expected a string that is not empty"],
    ["version 0", line({ version: 0 }), "/version: expected a whole number from 1"],
    ["a version of text", line({ version: "1" }), "/version: "],
    ["a date after its record", line({ consentDate: "2025-01-01T00:00:00Z" }), "/consentDate: must not be after"],
    ["an expiration before", line({ expirationDate: "2020-01-01T00:00:00Z" }), "/expirationDate: must be after"],
    ["a list", "[]", ""],
    ["null", "null", ""],
    ["no JSON", '{"id": secret}', "not JSON: unexpected character at column 8"],
    ["half a line", '{"id": "e1"', "not JSON: it ends too soon, at column 12"],
    ["two values", "{} {}", "not JSON: unexpected character at column 4"],
  ]
  it.each(refused)("%s", async (_, bad, reason) => {
    const { code, stdout, stderr } = await withEvents(`${bad}\n`)
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toContain(`standard input: line 17: ${reason}`)
    for (const value of ["yesterday", "maybe", "secret", "2025-01-01", "2020-01-01"])
      expect(stderr).not.toContain(value)
  })

  it("lists everything that is wrong with a line", async () => {
    const { stderr } = await withEvents(line({ id: "", version: 0.5, consentDate: 3 }))
    expect(
      stderr
        .trimEnd()
        .split("\n")
        .map((each) => each.split(": ")[2]),
    ).toEqual(["/id", "/version", "/consentDate"])
  })

  it("names the file and counts blank lines", async () => {
    place.write("bad.ndjson", `\n\r\n${line()}\n{}\n`)
    const { code, stderr } = await place.run(["state", "--events", "bad.ndjson"])
    expect(code).toBe(2)
    expect(stderr).toContain("bad.ndjson: line 4: /id: ")
  })

  it("lists ten bad lines, and says that there are more", async () => {
    const ten = await withEvents(Array.from({ length: 10 }, () => "x\n").join(""))
    expect(ten.stderr.split("\n")).toHaveLength(11)
    expect(ten.stderr).not.toContain("and more")
    const many = await withEvents(Array.from({ length: 50 }, () => "x\n").join(""))
    expect(many.stdout).toBe("")
    expect(many.code).toBe(2)
    expect(many.stderr).toContain("line 26: not JSON")
    expect(many.stderr).not.toContain("line 27")
    expect(many.stderr).toMatch(/\nstandard input: and more\n$/)
  })

  it("does not wait for the end of an input that it has refused", async () => {
    const child = place.start(["decisions", "--events", "-"])
    child.stdin?.write("x\n".repeat(50))
    expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(2)
  })

  it("refuses what is not UTF-8, by its line", async () => {
    const bad = Buffer.concat([Buffer.from(line()), Buffer.from("\n"), Buffer.from([0x22, 0xc3, 0x28, 0x22, 0x0a])])
    const { code, stdout, stderr } = await withEvents(bad)
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: `standard input: line 18: ${notUtf8}\n` })
  })

  it("refuses lines longer than 1 MiB, wherever they end, and goes on after them", async () => {
    const content = [line({ note: "x".repeat(3_000_000) }), line(), line({ note: "x".repeat(1_048_600) }), "x", ""]
    const { code, stdout, stderr } = await withEvents(content.join("\n"))
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr.split("\n")).toEqual([
      "standard input: line 17: longer than 1 MiB",
      "standard input: line 19: longer than 1 MiB",
      "standard input: line 20: not JSON: unexpected character at column 1",
      "",
    ])
  })

  it("takes a line of nearly 1 MiB", async () => {
    const { code } = await withEvents(line({ note: "x".repeat(1_048_000) }))
    expect(code).toBe(0)
  })
})

describe("documents", () => {
  const types: ReadonlyArray<readonly [string, string, string]> = [
    ["no JSON", '{ "items":\n  [ { "id": oops } ] }', "not JSON: unexpected character at line 2, column 13"],
    ["no items", "{}", "/items: "],
    ["an id twice", '{"items":[{"id":"a"},{"id":"b"},{"id":"a"}]}', "/items/2/id: "],
    [
      "a version twice",
      JSON.stringify({
        items: [{ id: "a", versions: [1, 1].map((version) => ({ version, publishedAt: "2020-01-01T00:00:00Z" })) }],
      }),
      "/items/0/versions/1/version: ",
    ],
    ["a misspelt rule", '{"items":[{"id":"a","rules":{"maxage":{}}}]}', "/items/0/rules/maxage: "],
    [
      "a text that is not a duration",
      '{"items":[{"id":"a","consentDuration":"1 year"}]}',
      "/items/0/consentDuration: ",
    ],
  ]
  it.each(types)("types.json: %s", async (_, content, reason) => {
    place.write("types.json", content)
    const { code, stdout, stderr } = await place.run(["decisions", "--types", "types.json", "--events", "good.ndjson"])
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toContain(`types.json: ${reason}`)
  })

  it("rules.json: a misspelt match", async () => {
    const stdin = '[{"match":{"consentTyp":"a"},"rules":{}}]'
    const { code, stdout, stderr } = await place.run(["state", "--rules", "-", "--events", "good.ndjson"], { stdin })
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toContain("standard input: /0/match/consentTyp: ")
  })

  it("not UTF-8", async () => {
    for (const [bytes, reason] of [
      [
        [0xff, 0xfe, 0x7b, 0x00],
        "not UTF-8 but UTF-16: convert the file with iconv -f UTF-16 -t UTF-8 FILE > CONVERTED",
      ],
      [[0x22, 0xfc, 0x22], notUtf8],
    ] as const) {
      place.write("types.json", Buffer.from(bytes))
      const { code, stderr } = await place.run(["decisions", "--types", "types.json", "--events", "good.ndjson"])
      expect({ code, stderr }).toEqual({ code: 2, stderr: `types.json: ${reason}\n` })
    }
  })
})

describe("files", () => {
  it.each([["--events"], ["--types"], ["--rules"]])("%s: no such file", async (flag) => {
    const args = flag === "--events" ? [] : ["--events", "good.ndjson"]
    const { code, stdout, stderr } = await place.run(["decisions", ...args, flag, "nowhere.json"])
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: "nowhere.json: no such file\n" })
  })

  it("a directory", async () => {
    mkdirSync(join(place.folder, "folder"))
    const { code, stdout, stderr } = await place.run(["decisions", "--events", "folder"])
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: "folder: is a directory, not a file\n" })
  })
})

describe("invocations", () => {
  const wrong: ReadonlyArray<readonly [ReadonlyArray<string>, string, string]> = [
    [[], "a command is missing", "see assent --help"],
    [["decide"], "decide", "see assent --help"],
    [["decisions"], "--events", "see assent decisions --help"],
    [["timeline", "--events", "good.ndjson"], "--person", "see assent timeline --help"],
    [["decisions", "--events", "good.ndjson", "--at", "yesterday"], "--at: expected an ISO 8601", "decisions --help"],
    [["state", "--events", "good.ndjson", "--known-at", "2024"], "--known-at: expected an ISO 8601", "state --help"],
    [
      ["timeline", "--events", "good.ndjson", "--person", "a", "--email", "ann@example.org"],
      "--email: is for a store; with --events give the person as --person",
      "timeline --help",
    ],
    [["decisions", "--events", "-", "--types", "-"], "only one of --events, --types and --rules", "decisions --help"],
    [["decisions", "--events", "good.ndjson", "extra"], "extra", "decisions --help"],
    [["decisions", "--events", "a", "--events", "b"], "events", "decisions --help"],
  ]
  it.each(wrong)("%j", async (args, reason, hint) => {
    const { code, stdout, stderr } = await place.run(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toMatch(/^error: /)
    expect(stderr).toContain(reason)
    expect(stderr).toContain(hint)
  })
})
