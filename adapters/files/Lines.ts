/**
 * Splits a stream of bytes into lines, numbered from 1, in bounded memory.
 *
 * Lines end with LF or CR LF; the last line may have no end. A byte order mark before the first line is skipped. Blank
 * lines are skipped but counted. A line that is not UTF-8 or longer than {@link maxBytes} is refused by its number.
 */
import { isUtf8 } from "node:buffer"
import * as Encoding from "../support/Encoding.ts"

/** The most bytes of a line: 1 MiB. */
export const maxBytes = 1024 * 1024

/** Receives each line, or the reason why a line was refused. It may also count the blank lines. */
export interface LineReceiver {
  readonly blank?: () => void
  readonly line: (text: string, number: number) => void
  readonly refused: (reason: string, number: number) => void
}

/** Splits chunks into lines. A chunk may be kept until its last line is complete, so it must not be changed. */
export interface Splitter {
  readonly push: (chunk: Uint8Array) => void
  /** Emits the last line, if it had no line end. */
  readonly end: () => void
}

const lineFeed = 0x0a
const blank = /^[ \t\r]*$/

/** Makes a splitter, which buffers at most {@link maxBytes} and one chunk. */
export const splitter = (receiver: LineReceiver): Splitter => {
  let number = 1
  let pending: Array<Uint8Array> = []
  let pendingBytes = 0
  let isSkipping = false

  const emit = (text: string): void => {
    const start = number === 1 && text.startsWith("\uFEFF") ? 1 : 0
    const line = text.slice(start, text.endsWith("\r") ? -1 : undefined)
    if (blank.test(line)) receiver.blank?.()
    else receiver.line(line, number)
    number++
  }

  const emitBytes = (bytes: Buffer): void => {
    if (bytes.length > maxBytes) receiver.refused("longer than 1 MiB", number++)
    else if (!isUtf8(bytes)) receiver.refused(Encoding.describe(bytes), number++)
    else emit(bytes.toString("utf8"))
  }

  const emitEach = (block: Buffer): void => {
    let from = 0
    for (let to = block.indexOf(lineFeed); to !== -1; to = block.indexOf(lineFeed, from)) {
      emitBytes(block.subarray(from, to))
      from = to + 1
    }
    emitBytes(block.subarray(from))
  }

  /** Emits the lines of a block that ends just before a line end. A block without faults is decoded in one call. */
  const emitBlock = (block: Buffer): void => {
    if (block.length > maxBytes || !isUtf8(block)) return emitEach(block)
    const text = block.toString("utf8")
    let from = 0
    for (let to = text.indexOf("\n"); to !== -1; to = text.indexOf("\n", from)) {
      emit(text.slice(from, to))
      from = to + 1
    }
    emit(text.slice(from))
  }

  const drain = (last: Uint8Array): Buffer => {
    const all = Buffer.concat([...pending, last])
    pending = []
    pendingBytes = 0
    return all
  }

  const push = (chunk: Uint8Array): void => {
    let rest = chunk
    if (isSkipping) {
      const end = rest.indexOf(lineFeed)
      if (end === -1) return
      isSkipping = false
      number++
      rest = rest.subarray(end + 1)
    }
    const end = rest.lastIndexOf(lineFeed)
    if (end !== -1) {
      emitBlock(drain(rest.subarray(0, end)))
      rest = rest.subarray(end + 1)
    }
    pending.push(rest)
    pendingBytes += rest.length
    if (pendingBytes > maxBytes) {
      receiver.refused("longer than 1 MiB", number)
      drain(new Uint8Array())
      isSkipping = true
    }
  }

  const end = (): void => {
    if (pendingBytes > 0) emitBytes(drain(new Uint8Array()))
  }

  return { push, end }
}
