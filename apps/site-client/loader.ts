/**
 * The loader of a page: see `adapters/browser/Loader.ts`. The server puts the configuration of a project in place of
 * the name that is declared here.
 */
import type { LoaderConfiguration } from "../../core/browser/LoaderConfiguration.ts"

declare const __ASSENT_CONFIGURATION__: LoaderConfiguration

Reflect.set(globalThis, "assentConfiguration", __ASSENT_CONFIGURATION__)
