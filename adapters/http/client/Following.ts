/**
 * Follows the change feed of a project over HTTP, for programs without Effect: reads pages, waits for more, and goes on
 * after a fault.
 */
import { HttpClientError } from "effect/http"
import type { Call, Promises } from "./Client.ts"
import { Refusal } from "./Refusal.ts"

type List = Promises["changes"]["listChanges"]

/** A page of changes. */
export type ChangePage = Awaited<ReturnType<List>>

/** Which changes are read, and from where: as the query of `listChanges`. */
export interface ChangesRequest {
  readonly params: Parameters<List>[0]["params"]
  readonly query?: Omit<NonNullable<Parameters<List>[0]["query"]>, "wait">
  /** Whether it waits for further changes. Default: true; false ends once everything was read. */
  readonly isFollowing?: boolean
}

/** How long one request waits, in seconds: less than an attempt of the client may take. */
const waitSeconds = 20

/** The shortest and the longest pause after a fault, in milliseconds. */
const pauses = { least: 1000, most: 30_000 }

const temporary: ReadonlySet<number> = new Set([429, 502, 503, 504])

/** Whether the same request may succeed later: no answer was received, or one that says so. */
const isTemporary = (error: unknown): boolean =>
  error instanceof Refusal ? temporary.has(error.problem.status) : HttpClientError.isHttpClientError(error)

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true

const sleep = (millis: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", end)
      resolve()
    }
    const timer = setTimeout(end, millis)
    signal?.addEventListener("abort", end, { once: true })
  })

/**
 * The pages of the changes of a project, each with the `mark` to go on from, as they come. A fault that may pass is
 * waited out, without an end: the reading goes on where it was. It ends when the signal is aborted, and is
 * rejected with {@link Refusal} for any other error, such as 410 for a mark that is lost.
 *
 * @example
 *   for await (const { items, mark } of changes(client, { params, query: { after: await readMark() } })) {
 *     for (const change of items) await obey(change)
 *     await writeMark(mark)
 *   }
 */
export async function* changes(
  client: Promises,
  { isFollowing = true, params, query = {} }: ChangesRequest,
  { signal }: Pick<Call, "signal"> = {},
): AsyncGenerator<ChangePage, void, void> {
  let after = query.after
  let pause = pauses.least
  while (!isAborted(signal)) {
    const startedAt = performance.now()
    let page: ChangePage
    try {
      const asked = { ...query, ...(after !== undefined && { after }), wait: isFollowing ? waitSeconds : 0 }
      page = await client.changes.listChanges({ params, query: asked }, signal === undefined ? {} : { signal })
    } catch (error) {
      if (isAborted(signal)) return
      if (!isFollowing || !isTemporary(error)) throw error
      await sleep(pause, signal)
      pause = Math.min(pause * 2, pauses.most)
      continue
    }
    pause = pauses.least
    if (page.items.length > 0 || page.mark !== after) yield page
    if (!isFollowing && page.isCurrent) return
    // The service answers at once where too many wait.
    const isEarly = page.isCurrent && page.items.length === 0 && performance.now() - startedAt < pauses.least
    if (isEarly && after === page.mark) await sleep(pauses.least, signal)
    after = page.mark
  }
}
