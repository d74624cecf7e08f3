/**
 * The settings of a region as requests write them, nested under `branding`, `consent` and others: reading them over
 * settings that are there, and writing them.
 */
import type { RegionSettings } from "../browser/Region.ts"
import type { CatalogFault } from "../catalog/CatalogChange.ts"
import type { KeptSettings } from "../model/RegionDraft.ts"
import * as SettingsTable from "./SettingsTable.ts"

/** The settings of a region, and what is kept besides them. */
export interface FormSettings {
  readonly settings: RegionSettings
  readonly defaultLanguage: string
  readonly kept: KeptSettings
}

/** The settings that were read, with everything that is wrong with them. */
export interface ReadSettings extends FormSettings {
  readonly faults: ReadonlyArray<CatalogFault>
}

/** The most violations that are answered, because a body of 1 MiB can have thousands. */
const maxFaults = 100

type Nested = { [name: string]: unknown }

const isObject = (value: unknown): value is Readonly<Nested> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const valueAt = (root: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), root)

/** Sets a value in objects that were made here; the names of the path are those of the table. */
const setAt = (root: Nested, path: string, value: unknown): void => {
  const names = path.split(".")
  const last = names.pop()!
  let inner = root
  for (const name of names) inner = (inner[name] ??= {}) as Nested
  inner[last] = value
}

/** The member of a request that a path of the table names, as a JSON Pointer without its first slash. */
export const fieldOf = (path: string): string => `settings/${path.replaceAll(".", "/")}`

const escaped = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1")

/**
 * Lays the settings of a request over those before. `null` puts a setting back to what it is in `template`.
 *
 * @param given The settings of a request, of which nothing is known.
 */
export const read = (
  given: unknown,
  before: FormSettings,
  template: Pick<FormSettings, "defaultLanguage" | "settings">,
): ReadSettings => {
  const faults: Array<CatalogFault> = []
  const values = new Map<string, unknown>()
  const kept = new Map(Object.entries(before.kept))
  const source = { ...before.settings, defaultLanguage: before.defaultLanguage }
  for (const { place } of SettingsTable.placed) values.set(place, valueAt(source, place))

  const set = ({ check, path, place }: SettingsTable.RegionSetting, value: unknown, field: string): void => {
    if (value === null && place !== undefined) {
      const origin = { ...template.settings, defaultLanguage: template.defaultLanguage }
      values.set(place, valueAt(origin, place))
    } else if (value === null) kept.delete(path)
    else {
      const checked = check(value)
      if ("code" in checked) faults.push({ field, ...checked })
      else if (place !== undefined) values.set(place, checked.value)
      else if (checked.value !== undefined) kept.set(path, checked.value as boolean | string)
    }
  }
  const walk = (object: Readonly<Nested>, prefix: string, field: string): void => {
    for (const [name, value] of Object.entries(object)) {
      if (faults.length >= maxFaults) return
      const path = prefix + name
      const inner = `${field}/${escaped(name)}`
      const setting = name.includes(".") ? undefined : SettingsTable.find(path)
      if (setting !== undefined) set(setting, value, inner)
      else if (name.includes(".") || !SettingsTable.isSection(path))
        faults.push({ field: inner, code: "unknown_setting", detail: "there is no such setting" })
      else if (isObject(value)) walk(value, `${path}.`, inner)
      else if (value !== null) faults.push({ field: inner, code: "invalid", detail: "expected an object of settings" })
    }
  }
  if (isObject(given)) walk(given, "", "settings")
  else if (given !== undefined && given !== null)
    faults.push({ field: "settings", code: "invalid", detail: "expected an object of settings" })

  const made: Nested = { branding: {} }
  for (const [place, value] of values) if (value !== undefined) setAt(made, place, value)
  const { defaultLanguage, ...settings } = made
  return {
    settings: settings as unknown as RegionSettings,
    defaultLanguage: defaultLanguage as string,
    kept: Object.fromEntries(kept),
    faults,
  }
}

/** The settings as requests write them, with what is kept. */
export const written = ({ defaultLanguage, kept, settings }: FormSettings): Readonly<Nested> => {
  const form: Nested = { branding: {}, consent: {} }
  const source = { ...settings, defaultLanguage }
  for (const { path, place } of SettingsTable.placed) {
    const value = valueAt(source, place)
    if (value !== undefined) setAt(form, path, value)
  }
  for (const [path, value] of Object.entries(kept)) if (SettingsTable.find(path) !== undefined) setAt(form, path, value)
  return form
}
