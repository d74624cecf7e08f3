/**
 * Where the files of threads are: beside this one, TypeScript in the repository and JavaScript in the package.
 */

/** The address of a thread's file. */
export const url = (name: string): URL =>
  new URL(`./${name}${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url)
