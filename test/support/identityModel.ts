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
  /** Every claim that there ever was. */
  readonly claims: Array<readonly [identifier: Identifier, person: string]>
  readonly facts: Array<ModelFact>
}

export const make = (): IdentityModel => ({ names: new Map(), claims: [], facts: [] })

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

const isAccount = (identifier: Identifier): boolean => identifier.startsWith("user:")

/** Whether an account that names no one cannot be another one of a person's group: that has or had one. */
const isAnother = (model: IdentityModel, given: ReadonlyArray<Identifier>, person: string): boolean => {
  const group = oneWith(model, person)
  return model.claims.some(([each, of]) => isAccount(each) && !given.includes(each) && group.has(of))
}

/** The people that the identifiers name, in their order, and whether they conflict. */
export const resolve = (model: IdentityModel, given: ReadonlyArray<Identifier>) => {
  const named = identifiers.flatMap((each) => (given.includes(each) ? (model.names.get(each) ?? []) : []))
  const [person] = named
  const group = person === undefined ? undefined : oneWith(model, person)
  const isNewAccount = given.some((each) => isAccount(each) && !model.names.has(each))
  const isConflict =
    named.some((each) => !group!.has(each)) || (person !== undefined && isNewAccount && isAnother(model, given, person))
  return { named: new Set(named), isConflict }
}

/** Notes that an identifier names a person from now on. */
export const claim = (model: IdentityModel, identifier: Identifier, person: string): void => {
  model.names.set(identifier, person)
  model.claims.push([identifier, person])
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
