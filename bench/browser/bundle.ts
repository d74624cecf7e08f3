/** Bundles a script for a page as a site would: one file, minified. */
import { build } from "esbuild"

/** The bytes of a bundle. */
export const bundle = async (entry: string): Promise<Uint8Array> => {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    write: false,
    logLevel: "error",
  })
  return outputFiles[0]!.contents
}
