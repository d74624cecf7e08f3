/**
 * The environment of every Node.js process that a test starts: where commands are found, and where Node.js keeps what
 * it has compiled, so that only the first process of a kind compiles it.
 */

const names = ["PATH", "NODE_COMPILE_CACHE"]

export const childEnv: Readonly<Record<string, string>> = Object.fromEntries(
  names.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  }),
)
