/**
 * Why the service cannot listen, in words, and what to do: the variable that is to blame, and the code of the system.
 */
import type { Settings } from "./Settings.ts"

/** What an error of Node says about where listening failed, https://nodejs.org/api/errors.html#class-systemerror. */
interface Place {
  readonly code: string
  readonly address: string
  readonly port: number | undefined
}

const placeOf = (error: unknown): Place => {
  const fields: Readonly<Record<string, unknown>> = Object(error)
  const { address, code, hostname, port } = fields
  return {
    code: typeof code === "string" ? code : "no code",
    address: String(address ?? hostname ?? ""),
    port: typeof port === "number" ? port : undefined,
  }
}

/** Whether the port of the metrics failed, and not that of the service. */
const isOfMetrics = ({ address, port }: Place, settings: Settings): boolean =>
  settings.metricsPort !== undefined &&
  (port === undefined ? address !== settings.host : port !== settings.port && port === settings.metricsPort)

/** The lowest port that needs no privilege, unless the system is set otherwise. */
const firstFree = 1024

/** A fault of listening; `isLasting` if a setting, or a right of the process, must be changed first. */
export const of = (error: unknown, settings: Settings): { readonly message: string; readonly isLasting: boolean } => {
  const place = placeOf(error)
  const { address, code, port } = place
  const [hostName, portName] = isOfMetrics(place, settings)
    ? ["ASSENT_METRICS_HOST", "ASSENT_METRICS_PORT"]
    : ["HOST", "PORT"]
  const because = (name: string, words: string, isLasting: boolean) => ({ message: `${name}: ${words}`, isLasting })
  switch (code) {
    case "EADDRINUSE":
      return because(
        portName,
        `port ${port} is in use on ${address} (${code}): ${portName}=${port === 65_535 ? 4000 : port! + 1}, or ${portName}=0 for any free port`,
        false,
      )
    case "EACCES":
      return because(
        portName,
        `port ${port} is for privileged processes (${code}): take one from ${firstFree} on, such as ${portName}=4000, with a proxy in front`,
        true,
      )
    case "EADDRNOTAVAIL":
    case "EAFNOSUPPORT":
      return because(
        hostName,
        `${address} is no address of this machine (${code}): ${hostName}=127.0.0.1, or 0.0.0.0 for all`,
        false,
      )
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return because(
        hostName,
        `${address} names no address (${code}): ${hostName}=127.0.0.1, or 0.0.0.0 for all`,
        false,
      )
    default:
      return because(`${hostName} and ${portName}`, `cannot listen on ${address}:${port} (${code})`, false)
  }
}
