/**
 * Values that parts of the service keep with a request or a socket of Node, in a property of it.
 *
 * A weak map would do the same, but the garbage collector visits all of its entries each time, which cost more than
 * looking up the API key of a request.
 */

/** One value for each object. */
export interface Slot<A> {
  readonly get: (source: object) => A | undefined
  readonly set: (source: object, value: A) => void
}

/** A slot that no other part of the program can see. */
export const make = <A>(name: string): Slot<A> => {
  const key = Symbol(name)
  type Holder = { [key]?: A }
  return {
    get: (source) => (source as Holder)[key],
    set: (source, value) => {
      const holder: Holder = source
      holder[key] = value
    },
  }
}
