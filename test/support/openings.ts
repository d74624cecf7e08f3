/** A process that opens stores as a server that records does, and prints why each cannot be opened. */
import { Effect, Layer, Result } from "effect"
import * as Store from "../../apps/Store.ts"

const reasonOf = (url: string) =>
  Effect.map(Effect.result(Effect.scoped(Layer.build(Store.primary(url)))), (opened) =>
    Result.isSuccess(opened) ? undefined : opened.failure.message,
  )

console.log(JSON.stringify(await Effect.runPromise(Effect.forEach(process.argv.slice(2), reasonOf))))
