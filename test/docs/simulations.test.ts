/** The worked examples of `examples/simulations/` are short; `snippets.test.ts` runs them as their page says. */
import { expect, it } from "vitest"
import { modules, read } from "./sources.ts"

const scripts = modules.filter((path) => path.startsWith("examples/simulations/"))

it.each(scripts)("%s has about ten lines", (path) => {
  expect(read(path).trimEnd().split("\n").length).toBeLessThanOrEqual(15)
})
