/**
 * Asks the server on this machine whether it is ready, and exits with 0 if it is. Made for images without a shell and
 * curl.
 */

const { HOST = "127.0.0.1", PORT = "4000" } = process.env

/** The host to ask. A server that listens on every address is asked on the loopback address. */
const host = HOST === "0.0.0.0" || HOST === "::" ? "127.0.0.1" : HOST.includes(":") ? `[${HOST}]` : HOST

const timeoutMillis = 4_000

const isReady = await fetch(`http://${host}:${PORT}/readyz`, { signal: AbortSignal.timeout(timeoutMillis) }).then(
  ({ ok }) => ok,
  () => false,
)
process.exitCode = isReady ? 0 : 1
