/** Access packages that are built and read back, for tests. */
import { Effect, Option, Stream } from "effect"
import type * as ZipStream from "../../../core/access-package/ZipStream.ts"
import * as PackageBuilding from "../../../core/compliance-requests/PackageBuilding.ts"
import type { NewRequest } from "../../../core/compliance-requests/ComplianceOpening.ts"
import * as LedgerContext from "../../../core/ledger/LedgerContext.ts"
import * as Surface from "../people/surface.ts"
import { unzip } from "../unzip.ts"
import * as Plays from "./plays.ts"

const opener = { _tag: "Key", id: "11111111-1111-7111-8111-111111111111" } as const

/** Opens a request to see, of which identity was shown. */
export const view = Effect.fnUntraced(function* (play: Plays.Play, given: Partial<NewRequest> = {}) {
  const request: NewRequest = { request: "view", user: { email: "a@example.com" }, isPreverified: true, ...given }
  const { requests } = yield* Surface.expected(yield* Plays.open(play, request, opener), "Opened")
  return requests[0]!
})

/** Builds the package of a request, by a ledger of its own over the same store. */
export const build = Effect.fnUntraced(function* (
  { scope }: Plays.Play,
  request: string,
  limits?: ZipStream.ZipLimits,
) {
  const context = yield* LedgerContext.make
  return yield* PackageBuilding.build({ project: scope.project.id, request }, context, limits)
})

/** A request as it is now. */
export const found = ({ ledger, scope }: Plays.Play, id: string) =>
  Effect.map(ledger.compliance.find(scope, id), Option.getOrThrow)

/** The bytes of the package that a request has. */
export const bytesOf = Effect.fnUntraced(function* (play: Plays.Play, id: string) {
  const { state } = yield* found(play, id)
  const [built, ...more] = state.files.filter(({ origin }) => origin === "package")
  if (built === undefined || more.length > 0) return yield* Effect.die(new Error("not one package"))
  const { file } = built
  const asked = { scope: play.scope, id, file, by: "requester" } as const
  const download = yield* Surface.expected(yield* play.ledger.compliance.downloadFile(asked), "Download")
  return Buffer.concat(yield* Stream.runCollect(download.bytes))
})

/** The files of a package, as texts by their names. */
export const textsOf = Effect.fnUntraced(function* (bytes: Uint8Array) {
  const read = yield* Effect.promise(() => unzip(bytes))
  return new Map([...read].map(([name, content]) => [name, content.toString()]))
})

/** Builds the package of a request, and reads it back. */
export const builtTexts = Effect.fnUntraced(function* (play: Plays.Play, id: string) {
  yield* build(play, id)
  return yield* textsOf(yield* bytesOf(play, id))
})

/** The items of a file of a package. */
// oxlint-disable-next-line no-explicit-any -- what the file holds is what the test is about
export const itemsOf = (texts: ReadonlyMap<string, string>, name: string): ReadonlyArray<any> => {
  const text = texts.get(name)!
  if (!name.endsWith(".ndjson")) return JSON.parse(text)
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))
}
