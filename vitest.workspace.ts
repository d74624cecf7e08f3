import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"

/** One project a folder of `test/`: what the folder is about is what its tests prove. */
const project = (name: string, testTimeout = 60_000) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout },
})

export default defineConfig({
  test: {
    // Tests mostly wait for the servers they start: one worker for each core, also where there are two.
    maxWorkers: availableParallelism(),
    projects: [
      project("laws", 300_000),
      project("core"),
      project("contract"),
      project("http"),
      project("security"),
      project("cli"),
      project("faults", 300_000),
      project("package", 180_000),
      project("report", 120_000),
      project("docs", 120_000),
    ],
  },
})
