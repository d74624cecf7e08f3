/**
 * The forms of a rules.json (semantics, section 7): a list of `{ match, rules }`, or an object that has the list as
 * `rules`, next to what a rule pack says about itself. A report shows rules in the second form.
 */
import { Predicate, Result, Schema } from "effect"
import * as Exchange from "../../core/formats/Exchange.ts"
import type { RuleSet } from "../../core/engine/Rules.ts"

const about = {
  id: Schema.optionalKey(Schema.String),
  version: Schema.optionalKey(Schema.String),
  title: Schema.optionalKey(Schema.String),
  summary: Schema.optionalKey(Schema.String),
  appliesFrom: Schema.optionalKey(Schema.String),
  source: Schema.optionalKey(Schema.String),
  notes: Schema.optionalKey(Schema.Array(Schema.String)),
  warning: Schema.optionalKey(Schema.String),
}

/** What the file says about its rules; the members of a rule pack, each optional. */
export type About = Omit<typeof ObjectForm.Type, "rules">

/** The rules of a file. */
export interface RulesFile {
  readonly value: RuleSet
  /** The list as it was written. */
  readonly written: unknown
  /** Left out if the file is a list. */
  readonly about?: About
}

const ObjectForm = Exchange.strict({ ...about, rules: Exchange.RuleSet })

const expected =
  'expected a list of { "match": …, "rules": … }, or { "rules": [ … ] } with the list, as docs/simulation.md shows'

const decodeObject = Exchange.decoder(ObjectForm)
const decodeList = Exchange.decoder(Exchange.RuleSet)

/** Decodes the JSON of a rules.json, or returns everything that is wrong with it. */
export const decode = (written: unknown): Result.Result<RulesFile, ReadonlyArray<Exchange.Violation>> =>
  Array.isArray(written)
    ? Result.map(decodeList(written), (value) => ({ value, written }))
    : Predicate.isObject(written) && Object.hasOwn(written, "rules")
      ? Result.map(decodeObject(written), ({ rules: value, ...said }) => ({
          value,
          written: Object(written).rules,
          about: said,
        }))
      : Result.fail([{ pointer: "", code: "invalid", detail: expected }])
