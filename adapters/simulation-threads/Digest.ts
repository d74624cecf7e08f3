/**
 * The SHA-256 of a file, computed in a thread while the file is being read for something else.
 */
import { Worker } from "node:worker_threads"
import { Effect, Fiber, type Scope } from "effect"
import * as ThreadFile from "../support/ThreadFile.ts"

/**
 * Starts the thread and returns an effect that waits for the digest, in lower-case hexadecimal. If the file cannot be
 * read, that effect dies.
 */
export const start = (path: string): Effect.Effect<Effect.Effect<string>, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(
      () => new Worker(ThreadFile.url(import.meta.url, "digestThread"), { workerData: path, name: "assent-digest" }),
    ),
    (worker) => Effect.promise(() => worker.terminate()),
  ).pipe(
    Effect.flatMap((worker) =>
      Effect.forkScoped(
        Effect.callback<string>((resume) => {
          worker.once("message", (digest: string) => resume(Effect.succeed(digest)))
          worker.once("error", (error) => resume(Effect.die(error)))
        }),
      ),
    ),
    Effect.map(Fiber.join),
  )
