/**
 * Asks the server beside it whether it is ready, and exits with 0 if it is: for images that have neither shell nor curl.
 */

const { HOST = "127.0.0.1", PORT = "4000" } = process.env

/** A server that listens on every address is asked on this machine's own. */
const host = HOST === "0.0.0.0" || HOST === "::" ? "127.0.0.1" : HOST.includes(":") ? `[${HOST}]` : HOST

const patienceMillis = 4_000

const isReady = await fetch(`http://${host}:${PORT}/readyz`, { signal: AbortSignal.timeout(patienceMillis) }).then(
  ({ ok }) => ok,
  () => false,
)
process.exitCode = isReady ? 0 : 1
