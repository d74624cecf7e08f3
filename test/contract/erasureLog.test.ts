/**
 * The log of erasures: what every adapter of the port keeps, and what the file keeps through crashes and changes.
 */
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, type Layer } from "effect"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as FileErasureLog from "../../adapters/erasure-log/FileErasureLog.ts"
import * as MemoryErasureLog from "../../adapters/erasure-log/MemoryErasureLog.ts"
import { ErasureLog, type LoggedErasure } from "../../core/ports/ErasureLog.ts"
import { times } from "../support/long.ts"

const uuid = (n: number): string => `01930000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`

const erasure = (n: number, members: ReadonlyArray<number> = [n]): LoggedErasure => ({
  id: uuid(n),
  organization: uuid(99),
  members: members.map(uuid),
  recordedAt: 1_700_000_000_000 + n,
  submitter: uuid(98),
  reason: "request",
})

const newPath = (): string => join(mkdtempSync(join(tmpdir(), "assent-erasures-")), "erasures.ndjson")

type Use<A> = (log: ErasureLog["Service"]) => Effect.Effect<A, unknown>

const exitOf = <A>(layer: Layer.Layer<ErasureLog>, use: Use<A>) =>
  Effect.runPromiseExit(Effect.flatMap(ErasureLog, use).pipe(Effect.provide(layer)))

const run = async <A>(layer: Layer.Layer<ErasureLog>, use: Use<A>): Promise<A> => {
  const exit = await exitOf(layer, use)
  if (Exit.isFailure(exit)) throw new Error(String(exit.cause))
  return exit.value
}

const adapters = [
  { name: "memory", layer: () => MemoryErasureLog.layer },
  { name: "file", layer: () => FileErasureLog.layer(newPath()) },
]

describe.each(adapters)("$name", ({ layer }) => {
  test("a new log has no erasures", async () => {
    expect(await run(layer(), (log) => log.all)).toEqual([])
  })

  test("erasures are answered in the order in which they began, with how far they went", async () => {
    const states = await run(layer(), (log) =>
      Effect.gen(function* () {
        yield* log.begin(erasure(2))
        yield* log.begin(erasure(1, [1, 7]))
        yield* log.begin(erasure(3))
        yield* log.begin(erasure(4))
        yield* log.keep(uuid(2))
        yield* log.finish(uuid(2))
        yield* log.finish(uuid(2))
        yield* log.keep(uuid(2))
        yield* log.keep(uuid(3))
        yield* log.finish(uuid(4))
        return yield* log.all
      }),
    )
    expect(states).toEqual([
      { ...erasure(2), isKept: true, isDone: true },
      { ...erasure(1, [1, 7]), isKept: false, isDone: false },
      { ...erasure(3), isKept: true, isDone: false },
      { ...erasure(4), isKept: true, isDone: true },
    ])
  })

  test("one that never began is not kept, and adds nothing", async () => {
    const found = await run(layer(), (log) =>
      Effect.gen(function* () {
        yield* log.begin(erasure(1))
        const kept = [yield* log.keep(uuid(1)), yield* log.keep(uuid(1)), yield* log.keep(uuid(2))]
        yield* log.finish(uuid(3))
        return { kept, all: yield* log.all }
      }),
    )
    expect(found).toEqual({ kept: [true, true, false], all: [{ ...erasure(1), isKept: true, isDone: false }] })
  })

  test("a kept erasure that begins again stays kept at its instant only, and is to be finished again", async () => {
    const later = { ...erasure(2), recordedAt: erasure(2).recordedAt + 1 }
    const states = await run(layer(), (log) =>
      Effect.gen(function* () {
        for (const n of [1, 2]) {
          yield* log.begin(erasure(n))
          yield* log.keep(uuid(n))
          yield* log.finish(uuid(n))
        }
        yield* log.begin(erasure(1, [1, 7]))
        yield* log.begin(later)
        return yield* log.all
      }),
    )
    expect(states).toEqual([
      { ...erasure(1, [1, 7]), isKept: true, isDone: false },
      { ...later, isKept: false, isDone: false },
    ])
  })

  test("an erasure that begins again has the members of the last beginning", async () => {
    const states = await run(layer(), (log) =>
      Effect.gen(function* () {
        yield* log.begin(erasure(1, [1, 2]))
        yield* log.begin(erasure(3))
        yield* log.begin(erasure(1))
        return yield* log.all
      }),
    )
    expect(states.map(({ id, members }) => [id, members])).toEqual([
      [uuid(1), [uuid(1)]],
      [uuid(3), [uuid(3)]],
    ])
  })
})

const filled = async (path: string, count = 4): Promise<void> => {
  await run(FileErasureLog.layer(path), (log) =>
    Effect.gen(function* () {
      for (let n = 1; n <= count; n++) {
        yield* log.begin(erasure(n))
        yield* log.keep(uuid(n))
        yield* log.finish(uuid(n))
      }
    }),
  )
}

const all = (path: string) => run(FileErasureLog.layer(path), (log) => log.all)

const reasonOf = async (path: string): Promise<string> => {
  const exit = await exitOf(FileErasureLog.layer(path), (log) => log.all)
  return Exit.isFailure(exit) ? String(exit.cause) : "no failure"
}

describe("the file", () => {
  test("what the log says already is not written again, nor what is said of an erasure that never began", async () => {
    const path = newPath()
    await filled(path, 1)
    const whole = readFileSync(path, "utf8")
    const again = (log: ErasureLog["Service"]) =>
      Effect.all([log.keep(uuid(1)), log.finish(uuid(1)), log.keep(uuid(2)), log.finish(uuid(2))])
    await run(FileErasureLog.layer(path), again)
    expect(readFileSync(path, "utf8")).toBe(whole)
  })

  test("another process reads what one has written, and both write", async () => {
    const path = newPath()
    const [one, other] = [FileErasureLog.layer(path), FileErasureLog.layer(path)]
    const write = (from: number) => (log: ErasureLog["Service"]) =>
      Effect.forEach([from, from + 1, from + 2], (n) => Effect.andThen(log.begin(erasure(n)), log.finish(uuid(n))), {
        concurrency: 3,
      })
    await Promise.all([run(one, write(1)), run(other, write(11))])
    const states = await all(path)
    expect(states.map(({ id }) => id).toSorted()).toEqual([1, 2, 3, 11, 12, 13].map(uuid))
    expect(states.every(({ isDone }) => isDone)).toBe(true)
  })

  test("only the owner of the process can read it", async () => {
    const path = newPath()
    await filled(path, 1)
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test("holds ids, instants and reasons, and each line has the hash of the line before", async () => {
    const path = newPath()
    await filled(path, 1)
    const [begun, kept, done, end] = readFileSync(path, "utf8").split("\n")
    expect(JSON.parse(begun!)).toEqual({
      hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      entry: { kind: "begun", ...erasure(1), recordedAt: "2023-11-14T22:13:20.001Z" },
    })
    expect(JSON.parse(kept!)).toMatchObject({ entry: { kind: "kept", id: uuid(1) } })
    expect(JSON.parse(done!)).toMatchObject({ entry: { kind: "done", id: uuid(1) } })
    expect(end).toBe("")
  })

  test("a last line that a crash cut off at any byte does not count, and the next write replaces it", async () => {
    const path = newPath()
    await filled(path, 1)
    const whole = readFileSync(path)
    await run(FileErasureLog.layer(path), (log) => log.begin(erasure(2, [2, 4, 5, 6, 7])))
    const longer = readFileSync(path)
    const cuts = [whole.length + 1, whole.length + 90, longer.length - 2, longer.length - 1]
    for (const cut of cuts) {
      writeFileSync(path, longer)
      truncateSync(path, cut)
      expect(await all(path)).toHaveLength(1)
      await run(FileErasureLog.layer(path), (log) => log.begin(erasure(3)))
      expect((await all(path)).map(({ id }) => id)).toEqual([uuid(1), uuid(3)])
      expect(readFileSync(path, "utf8")).toMatch(/"begun","id":"[-0-9a-f]+3",.*\n$/)
    }
  })

  test("a log that has been written by this process before goes on after another process cut a line off", async () => {
    const path = newPath()
    const ids = await run(FileErasureLog.layer(path), (log) =>
      Effect.gen(function* () {
        yield* log.begin(erasure(1))
        appendFileSync(path, `{"hash":"`)
        yield* log.begin(erasure(2))
        return (yield* log.all).map(({ id }) => id)
      }),
    )
    expect(ids).toEqual([uuid(1), uuid(2)])
  })

  test("a line that was changed at any place, removed, or exchanged with another is a failure", async () => {
    const path = newPath()
    await filled(path)
    const whole = readFileSync(path, "utf8")
    const lines = whole.slice(0, -1).split("\n")
    const changed = fc.record({ at: fc.nat(whole.length - 2), to: fc.constantFrom("0", "f", "-", "}", " ") })
    await fc.assert(
      fc.asyncProperty(changed, async ({ at, to }) => {
        fc.pre(whole[at] !== to)
        writeFileSync(path, whole.slice(0, at) + to + whole.slice(at + 1))
        expect(await reasonOf(path)).toMatch(/line \d+ was changed, or a line before it is missing/)
      }),
      { numRuns: times(40, 400) },
    )
    for (const missing of lines.keys()) {
      const kept = lines.filter((_, index) => index !== missing)
      writeFileSync(path, kept.map((line) => `${line}\n`).join(""))
      if (missing < lines.length - 1) expect(await reasonOf(path)).toContain(`line ${missing + 1} was changed`)
    }
    writeFileSync(path, [lines[1], lines[0], ...lines.slice(2)].map((line) => `${line}\n`).join(""))
    expect(await reasonOf(path)).toContain("line 1 was changed")
  })

  test("a file that vanished or was replaced while the log is in use is a failure until it is back", async () => {
    const [path, other] = [newPath(), newPath()]
    await filled(other, 2)
    await filled(path, 1)
    const older = readFileSync(path)
    await run(FileErasureLog.layer(path), (log) => log.begin(erasure(2, [2, 4])))
    const right = readFileSync(path)
    const sameSize = (text: Buffer) => Buffer.concat([text, Buffer.alloc(Math.max(0, right.length - text.length), 10)])
    const inPlace = (text: Buffer) => () => writeFileSync(path, text)
    const asNew = (text: Buffer) => () => {
      rmSync(path)
      writeFileSync(path, text)
    }
    const gone = [
      () => rmSync(path),
      ...[inPlace, asNew].flatMap((as) => [as(Buffer.of()), as(older), as(readFileSync(other)), as(sameSize(older))]),
    ]
    const said = await run(FileErasureLog.layer(path), (log) =>
      Effect.gen(function* () {
        yield* log.all
        const found: Array<string> = []
        for (const replace of gone) {
          replace()
          const there = existsSync(path) ? readFileSync(path, "utf8") : undefined
          for (const each of [log.begin(erasure(9)), log.keep(uuid(2)), log.finish(uuid(1)), log.all]) {
            found.push(String(yield* Effect.flip(Effect.asVoid(each as Effect.Effect<unknown, Error>))))
          }
          expect(existsSync(path) ? readFileSync(path, "utf8") : undefined).toBe(there)
          writeFileSync(path, right)
          expect(yield* log.all).toHaveLength(2)
          expect(readFileSync(path)).toEqual(right)
        }
        yield* log.begin(erasure(3))
        expect(yield* log.all).toHaveLength(3)
        return found
      }),
    )
    for (const each of said) {
      expect(each).toMatch(/does not hold line 4 any more, which this process has read or written|line 4 was changed/)
    }
    rmSync(path)
    expect(await all(path)).toEqual([])
  })

  test("nothing is written after a line that was changed", async () => {
    const path = newPath()
    await filled(path)
    const damaged = readFileSync(path, "utf8").replace("request", "other")
    writeFileSync(path, damaged)
    const exit = await exitOf(FileErasureLog.layer(path), (log) => log.begin(erasure(9)))
    expect(Exit.isFailure(exit)).toBe(true)
    expect(readFileSync(path, "utf8")).toBe(damaged)
  })

  test("a folder that does not exist is a failure that names no path", async () => {
    const reason = await reasonOf(join(newPath(), "missing", "erasures.ndjson"))
    expect(reason).toContain("the erasure log: it cannot be read or written")
    expect(reason).not.toContain("missing")
  })
})
