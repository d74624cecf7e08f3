/**
 * The file of erasures that is carried with an export.
 */
import { Effect, Result, Stream } from "effect"
import * as ErasureText from "../../adapters/erasure-log/ErasureText.ts"
import { BadInput } from "../../adapters/files/BadInput.ts"
import * as Replacement from "../../adapters/files/Replacement.ts"
import * as Source from "../../adapters/files/Source.ts"
import { Ledger } from "../../core/Ledger.ts"
import type { Organization } from "../../core/model/Catalog.ts"

/** Reads the erasures of a file. */
export const read = Effect.fnUntraced(function* (path: string) {
  const { bytes, name } = yield* Source.open(path)
  const found = ErasureText.read(yield* Stream.mkString(Stream.decodeText(bytes)))
  if (Result.isSuccess(found)) return found.success
  const reason = "was changed, or a line before it is missing: take the file from a copy"
  const problems = [{ where: `line ${found.failure}`, reason }]
  return yield* new BadInput({ file: name, problems, isCutShort: true })
})

/** Writes every erasure of an organization to a file. */
export const write = Effect.fnUntraced(function* (organization: Organization, path: string) {
  const ledger = yield* Ledger
  const erasures = yield* ledger.erasuresOf(organization)
  const file = yield* Replacement.make(path)
  const logged = erasures.map((erasure) => ({ ...erasure, organization: organization.id }))
  yield* file.write(ErasureText.write(logged))
  yield* file.commit
})
