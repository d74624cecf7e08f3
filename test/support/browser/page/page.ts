/**
 * The script of the page of a scene: it makes the parts that the loader and the client would make, and loads the files
 * of the banner and of the preference centre when they are needed.
 */
import { key, type Parts } from "../../../../adapters/browser/Parts.ts"
import * as EngineClient from "./engineClient.ts"
import { measure } from "./measure.ts"
import type { Scene } from "./Scene.ts"

const scene: Scene = JSON.parse(document.getElementById("scene")!.textContent)
const loaded = new Map<string, Promise<void>>()
const { gcm, gpcCovers, urlPassthrough, microsoftUET, blockingMode, gpc } = scene.visit.region

/** A script's address as the policy `trusted-types assent` of the page asks for it. */
const policy: { readonly createScriptURL: (url: string) => string } = Reflect.get(window, "trustedTypes").createPolicy(
  "assent",
  { createScriptURL: (url: string) => url },
)

const load = (file: string): Promise<void> => {
  const known = loaded.get(file)
  if (known !== undefined) return known
  const loading = new Promise<void>((resolve, reject) => {
    const script = document.createElement("script")
    script.src = policy.createScriptURL(`/${file}.js`)
    script.nonce = "page"
    script.addEventListener("load", () => resolve())
    script.addEventListener("error", () => reject(new Error(file)))
    document.head.append(script)
  })
  loaded.set(file, loading)
  return loading
}

const parts: Parts = {
  configuration: {
    project: "project",
    revision: scene.visit.revision,
    types: [],
    strictest: { gcm, gpcCovers, urlPassthrough, microsoftUET, blockingMode, gpc },
    isArchived: false,
    files: scene.visit.client,
  },
  base: location.origin,
  attributes: {},
  gpc: scene.gpc,
  snapshot: undefined,
  blocker: { release: () => Promise.resolve(), block: () => undefined, count: () => 0 },
  signals: { update: () => undefined },
  queue: [],
  load,
  tell: (event, detail) => document.dispatchEvent(new CustomEvent(`assent:${event}`, { detail })),
}
parts.client = EngineClient.make(scene, parts)
Object.assign(document, { [key]: parts })
Object.assign(window, { assent: parts.client, measure })

// What a client does once the visit has been answered.
if (scene.visit.region.banner.enabled && parts.client.mustAsk()) parts.client.show("banner")
if (scene.visit.region.floatingButton) void load("banner").then(() => parts.banner!.showSettingsButton(parts.client!))
