/**
 * Whether output to a terminal is coloured, and its colours.
 */
import type { WriteStream } from "node:tty"

/** The codes of colours and styles (ECMA-48, Select Graphic Rendition). */
const codes = { dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const
export type Colour = keyof typeof codes

/** Gives a text a colour, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string

const isSet = (variable: string): boolean => (process.env[variable] ?? "") !== ""

/**
 * Whether a stream is coloured. `FORCE_COLOR` decides first, as in Node: `0` and `false` mean no. Then `NO_COLOR`
 * (https://no-color.org) and a terminal that has no colours mean no. Otherwise only a terminal is coloured.
 */
export const isOn = ({ isTTY }: Pick<WriteStream, "isTTY">): boolean => {
  const forced = process.env["FORCE_COLOR"]
  if (forced !== undefined && forced !== "") return forced !== "0" && forced !== "false"
  return isTTY === true && !isSet("NO_COLOR") && process.env["TERM"] !== "dumb"
}

const painted: Paint = (colour, text) => `\u001B[${codes[colour]}m${text}\u001B[0m`

/** The colours of a stream. */
export const of = (stream: Pick<WriteStream, "isTTY">): Paint => (isOn(stream) ? painted : (_, text) => text)
