/**
 * The loader of a page. The server puts the configuration of a project in place of the name that is declared here.
 */
import * as Loader from "../../adapters/browser/Loader.ts"
import type { LoaderConfiguration } from "../../core/browser/LoaderConfiguration.ts"

declare const __ASSENT_CONFIGURATION__: LoaderConfiguration

Loader.start(__ASSENT_CONFIGURATION__)
