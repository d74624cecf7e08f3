import { availableParallelism } from "node:os"
import { join } from "node:path"
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

// A process that a test starts reads what another has compiled, in this run or an earlier one.
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "node_modules/.cache/compiled")

/**
 * Runs the folders with the slowest files first, because the order by size would leave some of them to the end, alone.
 */
class SlowFoldersFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    const sorted = await super.sort(files)
    const [slow = [], others = []] = [true, false].map((isSlow) =>
      sorted.filter(({ moduleId }) => /\/test\/(package|faults)\//.test(moduleId) === isSlow),
    )
    return [...slow, ...others]
  }
}

/**
 * Short and long tests: `X.test.ts` is short, `X.long.test.ts` next to it is long.
 *
 * `npm test` runs the short ones, at most five minutes on two idle cores; `npm run test:long` (`--mode long`) the long
 * ones. Many long files are a short one with larger numbers: they import it, and `test/support/long.ts` gives the
 * numbers. `--mode all` runs any file, with the numbers of the long ones: mutants are tried so.
 */
export default defineConfig(({ mode }) => {
  const isLong = mode === "long" || mode === "all"

  /**
   * The project of a folder of `test/`. A test that takes longer than its timeout, also on a busy machine, hangs.
   *
   * The files of a `shared` one run one after the other in the same processes, which load the modules once. The others
   * have a process for each file, because they change the process, such as its folder, or end with it.
   */
  const project = (name: string, { isShared = false, testTimeout = 120_000 } = {}) => {
    const timeout = isLong ? 1_200_000 : testTimeout
    return {
      test: {
        name: isLong ? `${name} (long)` : name,
        isolate: !isShared,
        include: [`test/${name}/**/*${mode === "long" ? ".long" : ""}.test.ts`],
        exclude: isLong ? [] : ["**/*.long.test.ts"],
        testTimeout: timeout,
        hookTimeout: timeout,
        ...(isLong && { env: { ASSENT_TESTS: "long" } }),
      },
    }
  }

  return {
    test: {
      // One worker more than there are cores, because many tests wait for a timeout or a disk.
      maxWorkers: availableParallelism() + 1,
      sequence: { sequencer: SlowFoldersFirst },
      globalSetup: "test/support/globalSetup.ts",
      projects: [
        project("laws", { isShared: true, testTimeout: 300_000 }),
        project("core", { isShared: true }),
        project("contract", { isShared: true }),
        project("http", { isShared: true }),
        project("mail"),
        project("security"),
        project("cli"),
        project("embed"),
        project("browser", { testTimeout: 300_000 }),
        project("files", { isShared: true }),
        project("faults", { testTimeout: 300_000 }),
        project("package", { testTimeout: 180_000 }),
        project("report"),
        project("docs"),
      ],
    },
  }
})
