/** Mutants of reading the change feed: marks, pages, readers that wait, and server-sent events. */
import type { Part } from "./Mutant.ts"

const cursor = "core/feed/ChangeCursor.ts"
const reader = "core/feed/FeedReader.ts"
const restored = "core/feed/Restored.ts"
const waiting = "core/ledger/FeedWaiting.ts"
const changes = "core/feed/Changes.ts"
const stream = "adapters/http/routes/ChangeStream.ts"
const routes = "adapters/http/routes/ChangeRoutes.ts"

export const reading: Part = {
  folder: ".",
  tests: [
    "test/core/changeCursor.test.ts",
    "test/core/feedReading.test.ts",
    "test/laws/feedReading.test.ts",
    "test/http/changes.test.ts",
  ],
  mutants: [
    [cursor, "Math.floor(left / 128)", "left >> 7", "a mark holds the place of every lane"],
    [cursor, "left > 127;", "left > 128;", "a mark holds the place of every lane"],
    [cursor, "every(({ incarnation }) => incarnation === 1)", "every(() => true)", "a mark holds the place"],
    [cursor, "JSON.stringify([project.id, ", 'JSON.stringify(["", ', "any other text, and a mark of another project"],
    [cursor, "Base64Url.encode(sealed) === mark ? ", "true ? ", "400 with a mark that is not known"],
    [cursor, "const macLength = 16", "const macLength = 0", "any other text, and a mark of another project"],

    [reader, "place.incarnation !== end.incarnation || ", "", "F8: a mark whose place a restored ledger lacks"],
    [reader, " || isBefore(end, place)", "", "F8: a mark whose place a restored ledger lacks"],
    [reader, "Math.ceil(even + 2 * Math.sqrt(even)) + 1", "limit", "a page reads the ends once"],
    [reader, "merged < items.length\n    ? place", "merged < 0\n    ? place", "pages of any size have each event"],
    [reader, "number: item.number + 1 }", "number: item.number }", "pages of any size have each event"],

    [restored, " || (yield* isRecordedSince(scope, mark, ends, context))", "", "F8: it is lost, too"],
    [restored, "Math.min(position, since[lane]!.position)", "position", "F8: it is lost, too"],

    [waiting, "--poll.readers > 0", "--poll.readers > -1", "a hundred readers that wait have one poll"],
    [waiting, "known.readers++", "known.readers += 0", "a hundred readers that wait have one poll"],
    [waiting, "feedSignal.notify(project.number)", "void feedSignal", "a hundred readers that wait have one poll"],

    [
      changes,
      "while (step.batch.items.length === 0 && step.batch.isCurrent)",
      "if (step.batch.items.length === 0)",
      "a reader that is woken for nothing",
    ],
    [changes, "const left = until - ", "const left = millis + 0 * ", "a reader that is woken for nothing"],
    [changes, "lane % part.of === part.rest", "true", "of parts side by side have each event once"],
    [changes, "lanes?.has(lane) ?? true", "true", "are of some people"],
    [changes, "index % markEvery === markEvery - 1", "index % markEvery === 0", "has a mark on every hundredth"],
    [changes, "step.batch.isCurrent && !isFollowing", "!isFollowing", "a library that follows gets batches"],

    [
      stream,
      "const commentMillis = 15_000",
      "const commentMillis = 60_000",
      "a stream sends a comment every 15 seconds",
    ],
    [stream, "left <= 0 || ", "", "a stream sends a comment every 15 seconds"],
    [stream, " || !(yield* isAllowed)", "", "ends when its key is revoked"],
    [stream, "|| isOver() ", "", "a server that stops ends its streams"],
    [routes, "events > json && ", "events > 0 && ", "is JSON where that is as good"],
    [routes, "lastId === undefined || ", "true || ", "has what was recorded and what is recorded"],
    [routes, "mayWait ? waitSeconds * 1000 : 0", "0", "is answered by what is recorded meanwhile"],
  ],
}
