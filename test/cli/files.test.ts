/**
 * The parts of adapters/files, compared with slower implementations of the same.
 */
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as FileCatalog from "../../adapters/files/FileCatalog.ts"
import * as EventDecoder from "../../adapters/files/EventDecoder.ts"
import * as EventRow from "../../adapters/files/EventRow.ts"
import * as ExternalSort from "../../adapters/files/ExternalSort.ts"
import * as EventGroups from "../../adapters/files/EventGroups.ts"
import * as JsonSyntax from "../../adapters/files/JsonSyntax.ts"
import * as Lines from "../../adapters/files/Lines.ts"
import * as Decision from "../../core/engine/Decision.ts"
import * as Exchange from "../../core/formats/Exchange.ts"

describe("EventDecoder", () => {
  const good = {
    id: "e1",
    concordId: "ann",
    consentType: "news",
    version: 1,
    consentState: "accepted",
    consentAction: "user_click",
    consentDate: "2024-01-31T00:00:00Z",
    dateCreated: "2024-01-31T00:00:00Z",
    expirationDate: null,
  }
  const odd = fc.oneof(
    fc.constantFrom(
      "",
      "2024-01-31T00:00:00Z",
      "2024-01-30T23:59:59+01:00",
      "2024-02-01T00:00:00Z",
      "declined",
      "import",
    ),
    fc.constantFrom(0, 1, 1.5, -0, 2 ** 53, Number.NaN),
    fc.jsonValue({ maxDepth: 1 }),
  )
  const changed = fc
    .dictionary(fc.constantFrom(...Object.keys(good), "other"), odd, { maxKeys: 3 })
    .map((changes): unknown => ({ ...good, ...changes }))

  it("recognises nothing that the schema refuses, and reads the rest alike", () => {
    const schema = Exchange.decoder(Exchange.Event)
    let usual = 0
    fc.assert(
      fc.property(fc.oneof(changed, fc.jsonValue()), (value) => {
        const quick = EventDecoder.decodeUsual(value)
        const slow = schema(value)
        if (quick === undefined) return
        usual++
        expect(Result.isSuccess(slow)).toBe(true)
        if (Result.isSuccess(slow))
          expect(EventRow.fromLine(quick, null)).toEqual(EventRow.fromLine(slow.success, null))
      }),
      { numRuns: 5_000 },
    )
    expect(usual).toBeGreaterThan(500)
  })
})

describe("JsonSyntax", () => {
  const isJson = (text: string): boolean => {
    try {
      JSON.parse(text)
      return true
    } catch {
      return false
    }
  }

  it("finds an error exactly where there is one", () => {
    const mutilated = fc
      .tuple(fc.json(), fc.nat(), fc.nat(3), fc.constantFrom("", "x", '"', "}", "]", ",", ":", "\\", "0", "-", "\n"))
      .map(([text, at, length, by]) => {
        const from = at % (text.length + 1)
        return text.slice(0, from) + by + text.slice(from + length)
      })
    fc.assert(
      fc.property(mutilated, (text) => {
        expect(JsonSyntax.firstError(text) === undefined).toBe(isJson(text))
      }),
      { numRuns: 5_000 },
    )
  })

  it.each([
    ["", 0],
    ["  ", 2],
    ['{"a":1,}', 7],
    ["[1 2]", 3],
    ['"a\\x"', 2],
    ['"a', 2],
    ["truex", 4],
    ["01", 1],
  ])("%j", (text, index) => {
    expect(JsonSyntax.firstError(text)).toBe(index)
  })
})

describe("Lines", () => {
  it("gives the same lines however the bytes are cut", () => {
    const text = fc
      .array(fc.constantFrom("a", "é", "\u{1f600}", "\n", "\r\n", " ", "\uFEFF"))
      .map((parts) => parts.join(""))
    fc.assert(
      fc.property(text, fc.infiniteStream(fc.integer({ min: 1, max: 5 })), (text, sizes) => {
        const lines: Array<readonly [number, string]> = []
        const splitter = Lines.splitter({
          line: (line, number) => lines.push([number, line]),
          refused: () => expect.unreachable(),
        })
        const bytes = Buffer.from(text)
        for (let from = 0; from < bytes.length;) {
          const to = from + (sizes.next().value ?? 1)
          splitter.push(bytes.subarray(from, to))
          from = to
        }
        splitter.end()
        const expected = text
          .replace(/^\uFEFF/, "")
          .split("\n")
          .map((line, index) => [index + 1, line.replace(/\r$/, "")] as const)
          .filter(([, line]) => !/^[ \t\r]*$/.test(line))
        expect(lines).toEqual(expected)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe("ExternalSort", () => {
  it("sorts what does not fit, over several merges", async () => {
    const rows = Array.from({ length: 3_000 }, (_, index) => ({ key: (index * 7_919) % 1_009, index }))
    const order = {
      compare: (a: (typeof rows)[number], b: (typeof rows)[number]) => a.key - b.key || a.index - b.index,
      // Ten rows in a run, so that there are more runs than one merge takes.
      weigh: () => ExternalSort.runWeight / 10,
    }
    const sorted = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const sorter = yield* ExternalSort.make(order)
          for (const row of rows) sorter.add(row)
          for (const _ of sorter.mergeRuns()) continue
          return [...sorter.rows()]
        }),
      ),
    )
    expect(sorted).toEqual(rows.toSorted(order.compare))
  })
})

describe("Groups", () => {
  it("keeps of many events what decides", () => {
    const catalog = FileCatalog.make([], [], 5_000)
    const rows = Array.from({ length: 20_000 }, (_, index): EventRow.EventRow => {
      const state = (["accepted", "declined", "implied", "viewed"] as const)[index % 4] ?? "viewed"
      return ["ann", "news", Math.floor(index / 3), Math.floor(index / 2), `e${index}`, state, "import", 1, null, null]
    })
    const [group, ...others] = [...EventGroups.fromRows(rows, catalog, 4_000)]
    expect(others).toEqual([])
    expect(group?.events.length).toBeLessThan(8_000)
    const { type, terms } = catalog.get("news")
    const all = rows.map((row) => EventRow.toEvent(row, type))
    for (const at of [4_000, 4_500, 10_000]) {
      expect(Decision.decide(group?.events ?? [], terms, at)).toEqual(Decision.decide(all, terms, at))
    }
  })
})
