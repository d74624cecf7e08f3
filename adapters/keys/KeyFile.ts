/**
 * The content of the file that holds keys: JSON with a version, the root key, and every epoch with its key, or with the
 * instant at which its key was destroyed.
 */
import { Schema } from "effect"
import * as Instant from "../../core/engine/Instant.ts"
import type { KeyedEpoch, KeySet } from "./KeySet.ts"

/** 32 bytes in base64url. */
const Key = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{43}$/))

const DateTime = Schema.String.check(Schema.makeFilter((text) => Instant.parse(text) !== undefined))

const Content = Schema.Struct({
  version: Schema.Literal(1),
  root: Key,
  epochs: Schema.NonEmptyArray(
    Schema.Struct({
      number: Schema.Int,
      beganAt: DateTime,
      key: Schema.optionalKey(Key),
      destroyedAt: Schema.optionalKey(DateTime),
    }),
  ),
})

type WrittenEpoch = (typeof Content.Type)["epochs"][number]

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Content))

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64url"))
const textOf = (key: Uint8Array): string => Buffer.from(key).toString("base64url")

const parseEpoch = ({ beganAt, destroyedAt, key, number }: WrittenEpoch): KeyedEpoch => ({
  number,
  beganAt: Instant.parse(beganAt)!,
  ...(key !== undefined && { key: bytesOf(key) }),
  ...(destroyedAt !== undefined && { destroyedAt: Instant.parse(destroyedAt)! }),
})

/** Whether epochs are numbered from 1, each has either a key or none, and the latest has one. */
const isWhole = (epochs: ReadonlyArray<WrittenEpoch>): boolean =>
  epochs.every(
    ({ destroyedAt, key, number }, index) =>
      number === index + 1 && (key === undefined) !== (destroyedAt === undefined),
  ) && epochs.at(-1)?.key !== undefined

/** The keys in a text; `undefined` if it is not the content of a key file of this version. */
export const parse = (text: string): KeySet | undefined => {
  try {
    const { epochs, root } = decode(text)
    if (!isWhole(epochs)) return undefined
    const [first, ...others] = epochs
    return { root: bytesOf(root), epochs: [parseEpoch(first), ...others.map(parseEpoch)] }
  } catch {
    return undefined
  }
}

const writeEpoch = ({ beganAt, destroyedAt, key, number }: KeyedEpoch): WrittenEpoch => ({
  number,
  beganAt: Instant.format(beganAt),
  ...(key !== undefined && { key: textOf(key) }),
  ...(destroyedAt !== undefined && { destroyedAt: Instant.format(destroyedAt) }),
})

/** The content of a file that holds the keys. */
export const write = ({ epochs: [first, ...others], root }: KeySet): string => {
  const epochs = [writeEpoch(first), ...others.map(writeEpoch)] as const
  const content: typeof Content.Type = { version: 1, root: textOf(root), epochs }
  return `${JSON.stringify(content, undefined, 2)}\n`
}
