/** One word for each thing: exported types of the core, and of each adapter, have names of their own. */
import { expect, test } from "vitest"
import { modules, read } from "./sources.ts"

/** The exported types of a module. */
const typesOf = (path: string): ReadonlyArray<string> =>
  [...read(path).matchAll(/^export (?:abstract )?(?:interface|type|class) (\w+)/gm)].map(([, name]) => name!)

/** Names that two modules of a folder export, with the modules. */
const shared = (folder: string): ReadonlyArray<string> => {
  const named = modules
    .filter((path) => path.startsWith(`${folder}/`))
    .flatMap((path) => typesOf(path).map((name) => ({ name, path })))
  return [...Map.groupBy(named, ({ name }) => name)].flatMap(([name, places]) =>
    places.length < 2 ? [] : [`${name}: ${places.map(({ path }) => path).join(", ")}`],
  )
}

const adapters = [
  ...new Set(modules.filter((path) => path.startsWith("adapters/")).map((path) => path.split("/", 2).join("/"))),
]

/** Both published doors of HTTP have `Options`; a program sees each under the name of its door. */
const published = "Options: adapters/http/Server.ts, adapters/http/client/Client.ts"

test.each(["core", ...adapters])("no two exported types of %s share a name", (folder) => {
  expect(shared(folder).filter((name) => name !== published)).toEqual([])
})

test("every word of docs/words.md has one meaning", () => {
  const [, , ...rows] = [
    ...read("docs/words.md")
      .split("## One thing for each word")[0]!
      .matchAll(/^\| ([^|]+) \|/gm),
  ]
  const words = rows.flatMap(([, words]) => words!.split(",").map((word) => word.trim()))
  expect(words.length).toBeGreaterThan(40)
  expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([])
})
