/**
 * The SHA-256 of a file, taken beside the work that is done with it.
 */
import { Worker } from "node:worker_threads"
import { Effect, Fiber, type Scope } from "effect"

/** The thread's file stands beside this one: TypeScript in the repository, JavaScript in the package. */
const threadUrl = new URL(import.meta.url.endsWith(".ts") ? "./digestThread.ts" : "./digestThread.js", import.meta.url)

/** Begins; the effect it answers waits for the digest, in lower-case hexadecimal. A file that cannot be read dies. */
export const start = (path: string): Effect.Effect<Effect.Effect<string>, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new Worker(threadUrl, { workerData: path, name: "assent-digest" })),
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
