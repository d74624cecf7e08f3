import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { draw, path } from "../../docs/map.ts"

test("docs/map.svg is what the imports are now: `npm run map` draws it again", () => {
  expect(readFileSync(path, "utf8")).toBe(draw())
})
