/**
 * Text that is made part by part, as a stream of bytes: other requests are answered between two chunks.
 */
import { Effect, Stream } from "effect"

/** The least characters of a chunk, but the last. */
const chunk = 65_536

const encoder = new TextEncoder()

/** The bytes of a text in UTF-8. `parts` makes it afresh each time the stream is run. */
export const bytes = (parts: () => Iterable<string>): Stream.Stream<Uint8Array> =>
  Stream.suspend(() => {
    const iterator = parts()[Symbol.iterator]()
    let isDone = false
    const next = Effect.sync(() => {
      let text = ""
      while (!isDone && text.length < chunk) {
        const { done = false, value } = iterator.next()
        isDone = done
        if (!done) text += value
      }
      return text === "" ? undefined : ([encoder.encode(text), undefined] as const)
    })
    return Stream.unfold(undefined, () => Effect.andThen(Effect.yieldNow, next))
  })
