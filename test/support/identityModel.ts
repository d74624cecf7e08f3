/**
 * A second statement of identity (semantics, section 5), as plain lists: which person an identifier names,
 * and which joins are in force. It shares no code with the ledger.
 */

/** The identifiers of a model, the strongest first: the order in which an item is resolved. */
export const identifiers = ["user:u", "user:v", "email:e", "email:f"] as const
export type Identifier = (typeof identifiers)[number]

/** A fact that can be undone. */
interface ModelFact {
  readonly id: string
  /** The person that the fact is about. */
  readonly person: string
  /** The identifier that was given to a person of its own; left out for a join. */
  readonly identifier?: Identifier
  /** The person that is counted as the other one; left out for an identification. */
  readonly join?: readonly [member: string, survivor: string]
  /** The facts of one proof are undone with its identification. */
  readonly proof: string
  isUndone: boolean
}

export interface IdentityModel {
  readonly names: Map<Identifier, string>
  readonly facts: Array<ModelFact>
}

export const make = (): IdentityModel => ({ names: new Map(), facts: [] })

/** Everyone that is counted as one with a person. */
export const oneWith = ({ facts }: IdentityModel, person: string): ReadonlySet<string> => {
  const group = new Set([person])
  for (const each of group) {
    for (const { isUndone, join } of facts) {
      if (!isUndone && join?.includes(each) === true) for (const other of join) group.add(other)
    }
  }
  return group
}

/** The person that an item with identifiers is recorded for; `undefined`: a new one; `conflict`: several. */
export const resolve = (model: IdentityModel, given: ReadonlyArray<Identifier>): string | undefined | "conflict" => {
  const named = identifiers.flatMap((each) => (given.includes(each) ? (model.names.get(each) ?? []) : []))
  const group = named[0] === undefined ? undefined : oneWith(model, named[0])
  return named.some((each) => !group!.has(each)) ? "conflict" : named[0]
}

/** Undoes a fact, and with an identification the join of its proof; returns whether it had been undone before. */
export const undo = ({ facts, names }: IdentityModel, fact: ModelFact): boolean => {
  if (fact.isUndone) return true
  const isUndoneNow = (each: ModelFact) => each === fact || (fact.identifier !== undefined && each.proof === fact.proof)
  for (const each of facts) {
    if (!isUndoneNow(each)) continue
    each.isUndone = true
    if (each.identifier !== undefined) names.delete(each.identifier)
  }
  return false
}
