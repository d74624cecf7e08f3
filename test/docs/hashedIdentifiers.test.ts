/** The test vectors of docs/http.md for hashed identifiers. */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as Identifiers from "../../core/ledger/Identifiers.ts"
import * as TestKeys from "../support/keys.ts"

const page = readFileSync(join(import.meta.dirname, "../../docs/http.md"), "utf8")
const section = page.split("#### Hashed identifiers\n")[1]!.split(/\n##/)[0]!
const rows = [...section.matchAll(/^\| (\w+) +\| `(".*")` +\| `(".*")` +\| `([0-9a-f]{64})` +\|$/gm)]
const vectors = rows.map(([, type, given, normalized, sha256]) => ({
  type: type as "email" | "userId" | "contextId",
  given: JSON.parse(given!) as string,
  normalized: JSON.parse(normalized!) as string,
  sha256: sha256!,
}))

test("there are vectors of every type", () => {
  expect(vectors.length).toBe(section.match(/^\| /gm)!.length - 2)
  expect(new Set(vectors.map(({ type }) => type))).toEqual(new Set(["email", "userId", "contextId"]))
})

test.each(vectors)("$type $given is normalized and hashed as documented", ({ given, normalized, sha256, type }) => {
  const value = type === "contextId" ? given.toLowerCase() : undefined
  const person = Identifiers.normalize({ [type]: given })
  expect(value ?? ("identifiers" in person && person.identifiers[type as "email"])).toBe(normalized)
  expect(createHash("sha256").update(normalized).digest("hex")).toBe(sha256)
})

test.each(vectors)("$type $normalized and its hash prove the same identifier", async ({ normalized, sha256, type }) => {
  const hashes = await Effect.runPromise(
    Effect.gen(function* () {
      const ledger = yield* Ledger.Ledger
      const { project } = Option.getOrThrow(yield* ledger.found)
      const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
      const aliasOf = (value: string, isHashed: boolean) => ledger.aliasOf(scope, { kind: type, value, isHashed })
      const aliases = [yield* aliasOf(normalized, false), yield* aliasOf(sha256, true)]
      return aliases.map((alias) => Option.getOrThrow(alias).hash)
    }).pipe(Effect.provide(Ledger.layer.pipe(Layer.provide([MemoryStore.layer, NodeCrypto.layer, TestKeys.layer])))),
  )
  expect(hashes[1]).toBe(hashes[0])
})
