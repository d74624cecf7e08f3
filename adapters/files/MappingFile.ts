/**
 * Reads a mapping.json. It is apart from the other documents because only a mapping needs the packages for time zones
 * and telephone numbers.
 */
import { Effect } from "effect"
import type { BadInput, Unreadable } from "./BadInput.ts"
import * as Documents from "./Documents.ts"
import * as Mapping from "./Mapping.ts"
import type { Source } from "./Source.ts"

/** Reads a mapping.json. */
export const read = (source: Source): Effect.Effect<Mapping.Mapping, BadInput | Unreadable> =>
  Effect.map(Documents.read(source, Mapping.decode), ({ value }) => value)
