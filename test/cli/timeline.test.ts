/** `assent timeline` over a store: the story in words, as lines and as a page. */
import { existsSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { beforeAll, describe, expect, test } from "vitest"
import { line, linesOf, workplace } from "./run.ts"

const { copyLedger, folder, run, write } = workplace()
const store = ["--store", "sqlite:ledger.db"]
const ann = ["timeline", ...store, "--email", "ann@example.org"]
const read = (name: string): string => readFileSync(join(folder, name), "utf8")

/** A story without its line breaks. */
const unbroken = (text: string): string => text.replaceAll(/\s+/g, " ")

/** Before the address was released. */
let before: string
let person: string

const recordAll = async (events: ReadonlyArray<object>) => {
  write("events.ndjson", events.map((event) => JSON.stringify(event)).join("\n"))
  const { code, stderr } = await run(["import", "events.ndjson", ...store])
  expect([code, stderr]).toEqual([0, expect.anything()])
}

beforeAll(async () => {
  const { stdout } = await run(["bootstrap", ...store, "--json"])
  const types: ReadonlyArray<{ id: string; label: string }> = JSON.parse(stdout).consentTypes
  const consentType = types.find(({ label }) => label === "newsletter")!.id
  const said = (consentState: string, consentDate: string, names: object = { email: "ann@example.org" }) => ({
    ...names,
    consentType,
    consentState,
    consentDate,
  })
  await recordAll([said("accepted", "2024-02-03T18:20:00Z"), said("declined", "2025-05-20T07:45:10Z")])
  await recordAll([
    said("accepted", "2025-01-10T00:00:00Z"),
    said("accepted", "2025-01-10T00:00:00Z", { userId: "eve" }),
  ])
  person = String(linesOf((await run(ann)).stdout)[0]?.["concordId"])
})

test("tells in words what counts, why, and what happened in which order", async () => {
  const { code, stderr, stdout } = await run([...ann, "--text"])
  expect([code, stderr]).toEqual([0, ""])
  expect(stdout).toContain("  Withdrawn: not permitted, is not asked again.\n")
  expect(stdout).toContain("Said no on 20 May 2025 07:45:10 UTC: the last explicit answer is this no")
  const story = stdout.split("\n").map((line) => line.trim())
  const places = [
    "2024-02-03 18:20:00  1. Said yes to version 1, taken in by an import",
    "Replaced: a later yes (no. 2) took its place on 10 Jan 2025",
    "2025-01-10 00:00:00  2. Said yes to version 1, taken in by an import",
    "Does not decide: a later no outweighs it",
    "2025-05-20 07:45:10  3. Said no to version 1, taken in by an import",
    "→ Withdrawn: not permitted, is not asked again",
  ].map((line) => story.indexOf(line))
  expect(places.every((place) => place >= 0)).toBe(true)
  expect(places).toEqual(places.toSorted((a, b) => a - b))
  expect(stdout).toContain("Nothing is recorded about: ")
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100)
})

test("writes the same changes as over the files of an export, but that a store names its types", async () => {
  await run(["export", ...store, "--out", "exported.ndjson"])
  const knownAt = ["--known-at", new Date().toISOString()]
  const files = await run(["timeline", "--events", "exported.ndjson", "--person", person, ...knownAt])
  const names = new Set(["category", "subcategory", "label", "knownAt"])
  const bare = (text: string) =>
    linesOf(text).map((line) => Object.fromEntries(Object.entries(line).filter(([name]) => !names.has(name))))
  const { stdout } = await run([...ann, ...knownAt])
  expect(linesOf(stdout)).toHaveLength(3)
  expect(linesOf(stdout)[0]).toMatchObject({ category: "communication", subcategory: ["email"], label: "newsletter" })
  expect(bare(stdout)).toEqual(bare(files.stdout))
  const story = await run(["timeline", "--events", "exported.ndjson", "--person", person, "--text"])
  expect(story.stdout).toContain("communication / email / newsletter\n")
})

test("explains another instant, and says what comes next from there", async () => {
  const { stdout } = await run([...ann, "--text", "--at", "2025-03-01T00:00:00Z"])
  expect(stdout).toContain("  Given: permitted, nothing to ask.\n")
  expect(stdout).toContain("On 20 May 2025 07:45:10 UTC it becomes withdrawn, because said no")
})

test("says of an answer that is older than the text it names that the text of then is not known", async () => {
  const { stdout } = await run([...ann, "--text", "--html", "older.html"])
  expect(unbroken(stdout).match(/Version 1 is from [^;]+; which text was shown before is not known/g)).toHaveLength(3)
  expect(read("older.html").match(/which text was shown before is not known/g)).toHaveLength(3)
})

test("tells nothing of events that were changed behind the ledger, because the digests of the page are of others", async () => {
  copyLedger("ledger.db", "changed.db")
  const database = new DatabaseSync(join(folder, "changed.db"))
  database.exec("DROP TRIGGER event_is_never_changed")
  database.exec("UPDATE event SET consent_state = 'accepted' WHERE consent_state = 'declined'")
  database.close()
  const changed = [...ann.with(2, "sqlite:changed.db"), "--text", "--html", "changed.html"]
  const { code, stderr, stdout } = await run(changed)
  expect([code, stdout]).toEqual([1, ""])
  expect(stderr).toMatch(
    /^error: event [0-9a-f-]{36}: its columns are not what its stored form says.*run assent verify\n$/,
  )
  expect(existsSync(join(folder, "changed.html"))).toBe(false)
})

test("warns where nothing can be known yet, because the answer is as known now", async () => {
  const { code, stderr } = await run([...ann, "--known-at", "2999-01-01T00:00:00Z", "--text"])
  expect([code, stderr]).toEqual([0, "warning: --known-at is ahead of the clock, and is read as now\n"])
})

test("prints no control character of a name", async () => {
  write("named.ndjson", line({ label: "red\u001b[31m\u202e" }))
  const { stdout } = await run(["timeline", "--events", "named.ndjson", "--person", "ann", "--text"])
  expect(stdout).toContain("red\ufffd[31m\ufffd\n")
})

test("leaves out the earliest of very many happenings, and says so", async () => {
  const day = (index: number) => new Date(Date.UTC(2024, 0, 1 + index)).toISOString()
  const events = Array.from({ length: 60 }, (_, index) =>
    line({ id: `e${index}`, consentDate: day(index), dateCreated: day(index) }),
  )
  write("many.ndjson", events.join("\n"))
  const { stdout } = await run(["timeline", "--events", "many.ndjson", "--person", "ann", "--text"])
  expect(stdout).toContain("  … 20 earlier, not shown here: --html has more\n")
  expect(stdout).toContain("  60. Said yes to version 1, by a click\n")
})

describe("the page", () => {
  test("is one file that its owner alone may read, with every event, and asks for nothing", async () => {
    const { code, stderr } = await run([...ann, "--json", "--html", "ann.html"])
    expect([code, stderr]).toEqual([0, "ann.html: is the timeline as a page\n"])
    const page = read("ann.html")
    expect(statSync(join(folder, "ann.html")).mode & 0o077).toBe(0)
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\((?!#)|\ssrc=|\son\w+=/i)
    for (const { event } of linesOf((await run(ann)).stdout)) expect(page).toContain(String(event))
    expect(page).toMatch(/Said no<\/b> to version 1/)
  })

  test("has the identifier only if that is asked for", async () => {
    const shown = ["--show-identifier", "--html", "shown.html", "--text"]
    expect(read("ann.html")).not.toContain("ann@example.org")
    expect((await run([...ann, "--text"])).stdout).not.toContain("ann@example.org")
    expect((await run([...ann, ...shown])).stdout).toContain("(asked by e-mail address ann@example.org)")
    expect(read("shown.html")).toContain("ann@example.org")
  })

  test("is written for an identifier that names no one, which is a warning without the identifier", async () => {
    const { code, stderr, stdout } = await run(["timeline", ...store, "--email", "no@example.org", "--html", "no.html"])
    expect([code, stdout]).toEqual([0, ""])
    expect(stderr).toBe(
      "warning: the identifier names no one, as known at that instant; of an erased person ask by --concord-id\n" +
        "no.html: is the timeline as a page\n",
    )
    expect(read("no.html")).toContain("No one was known by this identifier")
  })

  test("names the command that writes it again, byte for byte", async () => {
    const [, command] = read("ann.html").match(/<code>assent timeline ([^<]+) --html FILE<\/code>/)!
    const asked = command!.replace("--email …", "--email ann@example.org").split(" ")
    const { code } = await run(["timeline", ...store, ...asked, "--html", "again.html"])
    expect([code, read("again.html")]).toEqual([0, read("ann.html")])
    expect(read("ann.html")).toContain("assent verify")
  })

  test("never overwrites the ledger or an input", async () => {
    const { code, stderr } = await run([...ann, "--html", "ledger.db"])
    expect([code, stderr]).toEqual([2, expect.stringContaining("--html: is the file that --store names")])
  })
})

test("names the person that a released address named before", async () => {
  before = new Date().toISOString()
  await new Promise((resolve) => setTimeout(resolve, 5))
  const released = await run(["people", "release", "--email", "ann@example.org", "--reason", "closed", ...store])
  expect(released.code).toBe(0)
  expect((await run(ann)).stderr).toContain("the identifier names no one")
  expect(linesOf((await run([...ann, "--known-at", before])).stdout)).toHaveLength(3)
  const { stdout } = await run(["timeline", ...store, "--concord-id", person, "--text"])
  expect(unbroken(stdout)).toContain(`The e-mail address was released: it names ${person}`)
  expect(stdout).not.toContain("closed")
})

test("says of an erased person that it was erased, and what is left", async () => {
  const named = ["--concord-id", person]
  const erased = await run(["erase", ...store, ...named, "--confirm", person])
  expect(erased.code).toBe(0)
  const { stderr, stdout } = await run(["timeline", ...store, ...named, "--text"])
  expect(stderr).toContain("warning: the person was erased\n")
  expect(unbroken(stdout)).toContain("3 events are left in this project, without personal data")
  expect(unbroken(stdout)).toContain("No longer answered, because the person was erased: disclosure / ")
  expect(stdout).not.toContain("Nothing is recorded")
  const then = await run(["timeline", ...store, ...named, "--known-at", before, "--text"])
  expect(then.stdout).toContain("3. Said no to version 1")
  expect(unbroken(then.stdout)).toContain("after the instant that this is known at")
})

test.each([
  [["--email", "a@example.org"], "give the ledger: --store or ASSENT_STORE, or --events for files"],
  [[...store, "--events", "events.ndjson"], "give the ledger once: either --store or --events"],
  [[...store, "--person", "ann"], "--person: comes with --events"],
  [
    [...store, "--concord-id", "01a201cb-2a52-74ac-b4ea-b7f2a1b63c37", "--types", "t.json"],
    "a store has its own types",
  ],
  [[...store], "give exactly one of --user-id"],
  [["--events", "events.ndjson"], "--person: is missing"],
  [["--events", "events.ndjson", "--person", "a", "--json", "--text"], "give one of --json and --text"],
])("refuses %j", async (args, reason) => {
  const { code, stderr, stdout } = await run(["timeline", ...args])
  expect([code, stdout]).toEqual([2, ""])
  expect(stderr).toContain(reason)
})
