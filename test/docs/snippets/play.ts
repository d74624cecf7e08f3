/** Plays a page as its reader would: writes its files, runs its commands and programs, and compares their outputs. */
import { type Block, blocksOf, fileName, type Part, partsOf } from "./blocks.ts"
import type { Desk, Printed } from "./desk.ts"
import { declare, prepare } from "./given.ts"
import { isText, jsonDifferences, promised } from "./shown.ts"

/** A block, and what a test does with it. */
export interface Step {
  readonly block: Block
  readonly part: Part
}

/** Whether a test must run a block. */
const isRun = ({ block, part }: Step): boolean =>
  part !== "illustration" && !block.marks.has("not run") && !block.marks.has("run by")

/** The blocks of a page that are played, in order. */
export const stepsOf = (page: string): ReadonlyArray<Step> => {
  const blocks = blocksOf(page)
  const parts = partsOf(blocks)
  return blocks.map((block, index) => ({ block, part: parts[index]! })).filter(isRun)
}

/** Runs commands; the last one may end with a code that the page explains, or may not end. */
const run = (desk: Desk, { marks, text }: Block): Promise<Printed> => {
  const code = marks.get("exit")
  const serves = marks.get("serves")
  if (serves !== undefined) return desk.run(`listening ${JSON.stringify(serves)} ${text}`)
  return desk.run(code === undefined ? text : `code=0\n${text.trimEnd()} || code=$?\n[ "$code" = ${code} ]\n`)
}

const divider = "== and again =="

/** Runs a program twice in one process, and compares the lines that it says it prints. */
const runProgram = async (desk: Desk, { line, marks, text }: Block): Promise<Printed> => {
  const name = `example-${line}.ts`
  const given = marks.get("given")
  await desk.write(name, `${given === undefined ? "" : declare(given)}${text}\nexport {}\n`)
  const again = marks.has("once") ? "" : `console.log("${divider}")\nawait import("./${name}?again")\n`
  await desk.write(`run-${name}`, `await import("./${name}")\n${again}export {}\n`)
  const printed = await desk.run(`node run-${name}`)
  for (const stdout of printed.stdout.split(`${divider}\n`)) {
    const expected = promised(text)
    const lines = stdout.trimEnd().split("\n")
    const found = lines.filter((each) => expected.some((one) => isText(one, each)))
    if (found.length < expected.length) throw new Error(`it says ${expected.join("\n")}\nand prints ${stdout}`)
  }
  return printed
}

const isShortened = ({ lead }: Block): boolean => /shortened/.test(lead)

/** JSON that is a value, lines of values, or members of an object. */
const parse = (text: string): void => {
  try {
    JSON.parse(text)
  } catch {
    if (/^\s*"/.test(text)) JSON.parse(`{${text}}`)
    else for (const line of text.trim().split("\n")) JSON.parse(line)
  }
}

const compare = (block: Block, { stderr, stdout }: Printed): void => {
  if (block.language === "json") {
    const found = jsonDifferences(block.text, stdout, isShortened(block))
    if (found.length > 0) throw new Error(`it prints otherwise than shown:\n${found.join("\n")}`)
  } else if (![stdout, stderr, stdout + stderr].some((printed) => isText(block.text, printed))) {
    throw new Error(`it prints otherwise than shown:\n${stdout}${stderr}`)
  }
}

/** Compares commands with those that were printed, which the shell has run where they set variables. */
const comparePrinted = ({ text }: Block, { stdout }: Printed): void => {
  const lines = stdout.split("\n")
  for (const line of text.trim().split("\n")) {
    if (!lines.some((printed) => isText(line, printed))) throw new Error(`it does not print ${line}, but:\n${stdout}`)
  }
}

/**
 * Plays the steps of a page at a desk. Played again, commands and programs are repeated except those that a reader may
 * not repeat; outputs are compared the first time, because a repetition may say that all is there already.
 */
export const play = async (desk: Desk, steps: ReadonlyArray<Step>, isAgain = false): Promise<void> => {
  let printed = await desk.run('cd "$CHECKOUT"')
  for (const { block, part } of steps) {
    try {
      const given = block.marks.get("given")
      if (given !== undefined) await desk.run(prepare(given))
      if (part === "file") await desk.write(fileName(block)!, block.text)
      else if (part === "printed" && !isAgain) comparePrinted(block, printed)
      else if (part === "data") parse(block.text)
      else if (part === "output" && !isAgain) compare(block, printed)
      else if (part === "statements") throw new Error("a test that runs statements must be named: <!-- run by: … -->")
      else if (part === "commands" && !(isAgain && block.marks.has("once"))) printed = await run(desk, block)
      else if (part === "program" && !isAgain) printed = await runProgram(desk, block)
    } catch (error) {
      throw new Error(`${block.page}:${block.line}: ${(error as Error).message}\n${block.text}`, { cause: error })
    }
  }
}
