/**
 * Reads the text of a manifest of fideslang, YAML 1.2 or JSON, as plain values. A thread reads it, because that may
 * take seconds and much memory, and can be ended then.
 */
import { Data, Effect } from "effect"
import { Worker } from "node:worker_threads"
import * as MissingPackage from "../support/MissingPackage.ts"
import * as ThreadFile from "../support/ThreadFile.ts"

/** The most bytes of a manifest. */
export const maxBytes = 5 * 1024 * 1024

/** The most memory that reading may take, and how long it may: many times what a large manifest needs. */
const maxMegabytes = 1024
const maxMillis = 60_000

/** A manifest that cannot be read. */
export class UnreadableManifest extends Data.TaggedError("UnreadableManifest")<{
  /** What is wrong, without anything of the text. */
  readonly reason: string
  /** Where, from 1. */
  readonly line?: number
}> {
  override get message(): string {
    return this.line === undefined ? this.reason : `line ${this.line}: ${this.reason}`
  }
}

/** The package that reads YAML is not installed. */
export class YamlMissing extends Data.TaggedError("YamlMissing")<{ readonly reason: string }> {
  override get message(): string {
    return this.reason
  }
}

/** What the thread answers. */
export type ThreadAnswer = { readonly value: unknown } | { readonly reason: string; readonly line?: number }

const tooLong = new UnreadableManifest({ reason: "takes too long to read: import a part of it at a time" })
const tooLarge = new UnreadableManifest({ reason: "takes too much memory to read: import a part of it at a time" })
const tooManyBytes = new UnreadableManifest({
  reason: `has more than ${maxBytes} bytes: import a part of it at a time`,
})

const answerOf = (answer: ThreadAnswer): Effect.Effect<unknown, UnreadableManifest> =>
  "value" in answer ? Effect.succeed(answer.value) : Effect.fail(new UnreadableManifest(answer))

const decoder = new TextDecoder("utf-8", { fatal: true })

/** Reads bytes in UTF-8. */
export const read = (bytes: Uint8Array): Effect.Effect<unknown, UnreadableManifest | YamlMissing> =>
  Effect.callback((resume) => {
    if (bytes.length > maxBytes) return resume(Effect.fail(tooManyBytes))
    const missing = MissingPackage.missingOf(["yaml"])
    if (missing.length > 0) return resume(Effect.fail(new YamlMissing({ reason: MissingPackage.reason(missing) })))
    let text: string
    try {
      text = decoder.decode(bytes)
    } catch {
      return resume(Effect.fail(new UnreadableManifest({ reason: "is not UTF-8" })))
    }
    const worker = new Worker(ThreadFile.url(import.meta.url, "manifestThread"), {
      workerData: text,
      name: "assent-manifest",
      resourceLimits: { maxOldGenerationSizeMb: maxMegabytes },
    })
    const end = () => {
      clearTimeout(timer)
      void worker.terminate()
    }
    const answer = (outcome: Effect.Effect<unknown, UnreadableManifest>) => {
      end()
      resume(outcome)
    }
    const timer = setTimeout(() => answer(Effect.fail(tooLong)), maxMillis)
    worker.once("message", (read: ThreadAnswer) => answer(answerOf(read)))
    worker.once("error", () => answer(Effect.fail(tooLarge)))
    worker.once("exit", () => answer(Effect.fail(tooLarge)))
    return Effect.sync(end)
  })
