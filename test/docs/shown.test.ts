/** What a page shows is compared with what is printed: any id or instant is right, anything else must be the same. */
import { describe, expect, test } from "vitest"
import { isText, jsonDifferences, promised } from "./snippets/shown.ts"

const id = (n: number): string => `01a22bcc-26e5-7136-8f46-a3d89cc1ac0${n}`

describe("printed text is as shown", () => {
  test.each([
    ["another id", `project  ${id(1)}\n`, `project  ${id(2)}\n`],
    ["another instant", "at 2026-01-01T00:00:00.000Z", "at 2027-03-04T05:06:07Z"],
    ["text in place of …", "key assent_… (shown only now)", "key assent_x9-_Y (shown only now)"],
    ["lines in place of …", "first\n…\nlast", "first\nsecond\nthird\nlast"],
    ["no line in place of …", "first\n…\nlast", "first\nlast"],
    ["another duration", "done in 31 ms", "done in 4,200 ms"],
  ])("with %s", (_, shown, printed) => expect(isText(shown, printed)).toBe(true))

  test.each([
    ["a figure differs", "4 people", "5 people"],
    ["a line is missing", "first\nlast", "first"],
    ["a line is added", "first", "first\nlast"],
    ["an id is no id", `project  ${id(1)}`, "project  none"],
  ])("but not if %s", (_, shown, printed) => expect(isText(shown, printed)).toBe(false))
})

describe("printed JSON is as shown", () => {
  const shown = `{ "count": 2, "items": [{ "id": "${id(1)}", "status": "given" }] }`
  const answer = (status: string, ...more: ReadonlyArray<unknown>) =>
    JSON.stringify({ count: 2, items: [...more, { id: id(2), status }] })

  test("if only ids differ, or another answer stands before it", () => {
    expect(jsonDifferences(shown, answer("given"), false)).toEqual([])
    expect(jsonDifferences(shown, `${answer("refused")}\n${answer("given")}`, false)).toEqual([])
  })

  test("but not if a value differs, or a member or an item is not shown, unless the page says that it is shortened", () => {
    expect(jsonDifferences(shown, answer("refused"), false)).toHaveLength(1)
    expect(jsonDifferences(shown, answer("refused"), true)).toHaveLength(1)
    expect(jsonDifferences(shown, answer("given", {}), false)).not.toEqual([])
    expect(jsonDifferences(shown, answer("given", {}), true)).toEqual([])
    expect(jsonDifferences('{ "count": 2 }', answer("given"), false)).toEqual(["/items: not shown"])
    expect(jsonDifferences('{ "count": 2 }', answer("given"), true)).toEqual([])
    expect(jsonDifferences(shown, "", true)).toEqual(["nothing is printed"])
  })
})

test("a program says what it prints at the end of a line or on the next one", () => {
  expect(promised("console.log(1) // one\nconsole.log(2)\n// two\nconsole.log(3)\nconst x = 1 // no")).toEqual([
    "one",
    "two",
  ])
})
