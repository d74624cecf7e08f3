/**
 * Conditions of a statement with its numbered parameters.
 */
import type * as Sql from "./Sql.ts"

/** Conditions that grow. */
export interface Conditions {
  readonly parameters: ReadonlyArray<Sql.Parameter>
  /** Adds a parameter, and returns how the statement names it. */
  readonly parameter: (value: Sql.Parameter) => string
  /** Adds a condition on a parameter; none for `undefined`. */
  readonly add: (condition: (parameter: string) => string, value: Sql.Parameter | undefined) => void
  /** Adds a condition. */
  readonly push: (condition: string) => void
  /** All conditions: true if there are none. */
  readonly where: () => string
}

/** No conditions yet. */
export const make = (): Conditions => {
  const parameters: Array<Sql.Parameter> = []
  const sql: Array<string> = []
  const parameter = (value: Sql.Parameter): string => `$${parameters.push(value)}`
  return {
    parameters,
    parameter,
    add: (condition, value) => {
      if (value !== undefined) sql.push(condition(parameter(value)))
    },
    push: (condition) => void sql.push(condition),
    where: () => (sql.length === 0 ? "true" : sql.join(" AND ")),
  }
}
