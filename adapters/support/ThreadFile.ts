/**
 * The files that worker threads start from: TypeScript in the repository, JavaScript in the package.
 */

/**
 * The URL of the thread file `name`, without its ending, in the folder of the calling module. `moduleUrl` is that
 * module's `import.meta.url`; its ending is the ending of the thread file too.
 */
export const url = (moduleUrl: string, name: string): URL =>
  new URL(`./${name}${moduleUrl.endsWith(".ts") ? ".ts" : ".js"}`, moduleUrl)
