/**
 * The service, assembled as its settings say: a store, the ledger, the HTTP server, log, metrics and traces.
 */
import { Effect, Layer } from "effect"
import * as ClamdScanner from "../../adapters/clamd/ClamdScanner.ts"
import { AddressHeader } from "../../adapters/http/server/ClientAddress.ts"
import { GeographyHeader } from "../../adapters/http/server/Geography.ts"
import { VisitLimit } from "../../adapters/http/server/OpenLimits.ts"
import { Quotas } from "../../adapters/http/server/Quotas.ts"
import { ArchiveFolder } from "../../adapters/http/server/LoaderArchive.ts"
import * as Server from "../../adapters/http/Server.ts"
import { StateMaxAge } from "../../adapters/http/routes/SiteRoutes.ts"
import * as HttpsOutbound from "../../adapters/webhooks/HttpsOutbound.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as KeyEpochs from "../../core/ledger/KeyEpochs.ts"
import * as MailSettings from "../../core/ledger/MailSettings.ts"
import * as Crypto from "../Crypto.ts"
import * as Keys from "../Keys.ts"
import * as Store from "../Store.ts"
import * as ErasureLogFile from "../ErasureLogFile.ts"
import * as ClockWarning from "./ClockWarning.ts"
import * as ComplianceWatch from "./ComplianceWatch.ts"
import * as KeyTending from "./KeyTending.ts"
import * as ErasureReplaying from "./ErasureReplaying.ts"
import * as Log from "./Log.ts"
import * as MailSending from "./MailSending.ts"
import * as MetricsCounting from "./MetricsCounting.ts"
import * as Metrics from "./Metrics.ts"
import * as PackageBuilding from "./PackageBuilding.ts"
import * as RetentionSweeping from "./RetentionSweeping.ts"
import * as Scheduling from "./Scheduling.ts"
import type { Settings } from "./Settings.ts"
import * as Tracing from "./Tracing.ts"
import * as TaskSending from "./TaskSending.ts"
import * as WebhookSending from "./WebhookSending.ts"
import * as Welcome from "./Welcome.ts"

/** The quotas of the settings, which all have a default. */
const quotasOf = (settings: Settings): Quotas => ({
  key: settings.keyQuota!,
  session: settings.sessionQuota!,
  visitor: settings.visitorQuota!,
  address: settings.addressQuota!,
  project: settings.projectQuota!,
  organization: settings.organizationQuota!,
})

const observability = (settings: Settings, version: string) => {
  const { logFormat, logLevel, otlpProtocol, traceShare } = settings
  const log = Log.layer({ format: logFormat!, level: logLevel! })
  return Tracing.layer({ protocol: otlpProtocol!, share: traceShare!, version }).pipe(Layer.provideMerge(log))
}

/** Logs where the keys of a new ledger were made. */
const logMade = (path: string) =>
  Effect.logWarning("a key file was made: keep a copy of it apart from the ledger and its backups", { path })

/**
 * Warns at each start of keys that are next to the ledger, because a copy of the folder then opens the ledger, and of
 * a key file that every user of the machine may use.
 */
const warnOfKeys = ({ keys, store }: Settings) => {
  const path = Keys.pathOf({ store: store!, keys })
  return [
    ...(keys === undefined && Store.pathOf(store!) !== undefined
      ? [
          `the keys are next to the ledger: keep them apart from it and its backups, and name the file with ${Keys.variable}`,
        ]
      : []),
    ...(path !== undefined && Keys.isOpenToAll(path)
      ? [`every user may use the key file, which opens the ledger: chmod o= ${path}`]
      : []),
  ]
}

/** What runs as long as the server does. */
const background = ({ keysKept, reevaluationRate, store, webhookDisable }: Settings) =>
  Layer.mergeAll(
    Layer.effectDiscard(ClockWarning.watch),
    Layer.effectDiscard(ComplianceWatch.watch),
    Layer.effectDiscard(PackageBuilding.watch),
    Layer.effectDiscard(RetentionSweeping.watch),
    Layer.effectDiscard(MailSending.measure),
    Layer.effectDiscard(MailSending.send),
    Layer.effectDiscard(KeyTending.watch(keysKept!)),
    Layer.effectDiscard(Scheduling.watch(store!, reevaluationRate!)),
    Layer.effectDiscard(MetricsCounting.watch(store!)),
    Layer.effectDiscard(WebhookSending.watch(webhookDisable!)),
    Layer.effectDiscard(TaskSending.watch),
  )

/** The service runs until its scope closes. `warnings` are logged first. */
export const layer = (settings: Settings, version: string, warnings: ReadonlyArray<string>) => {
  const { addressHeader, geographyHeader, host, metricsHost, metricsPort, port, stateMaxAge, store } = settings
  const open =
    settings.replica === "on" ? Store.replica : settings.demonstration === "off" ? Store.founded : Store.primary
  const opened = open(store!)
  const ledger = Tracing.ledger.pipe(
    Layer.provide(Ledger.layer),
    Layer.provide(ErasureLogFile.layer(settings.erasureLog, ErasureLogFile.variable)),
    Layer.provide(settings.clamd === undefined ? Layer.empty : ClamdScanner.layer(settings.clamd)),
    Layer.provide(Layer.succeed(KeyEpochs.Kept, settings.keysKept!)),
    Layer.provide(Layer.succeed(MailSettings.Current, MailSending.settingsOf(settings))),
    Layer.provide(
      Keys.withStore({ store: store!, keys: settings.keys }, logMade, Tracing.store.pipe(Layer.provide(opened))),
    ),
    Layer.provide(Crypto.layer),
  )
  const outbound = HttpsOutbound.layer({
    ...(settings.webhookAllow !== undefined && { allowance: settings.webhookAllow }),
    ...(settings.webhookProxy !== undefined && { proxy: settings.webhookProxy }),
  })
  const metrics = { host: metricsHost!, port: metricsPort, isSent: settings.otlpEndpoint !== undefined, version }
  const isDemonstrating = settings.demonstration !== "off" && settings.replica !== "on"
  return Layer.effectDiscard(Welcome.print(store!, settings.smtpUrl !== undefined, isDemonstrating)).pipe(
    Layer.provide(Server.layer({ host: host!, port: port! })),
    Layer.merge(Metrics.layer(metrics)),
    Layer.merge(background(settings)),
    Layer.provide(outbound),
    // A replica writes nothing, so it mails nothing.
    Layer.provide(
      settings.smtpUrl === undefined || settings.replica === "on"
        ? Layer.empty
        : MailSending.transport(settings.smtpUrl),
    ),
    // The server does not listen before this is done.
    Layer.provide(Layer.effectDiscard(ErasureReplaying.run(store!))),
    Layer.provide([ledger, Crypto.layer]),
    Layer.provide(Layer.succeed(Ledger.NewLanes, settings.lanes!)),
    Layer.provide(Layer.succeed(GeographyHeader, geographyHeader)),
    Layer.provide(Layer.succeed(AddressHeader, addressHeader)),
    Layer.provide(Layer.succeed(ArchiveFolder, settings.scriptFolder)),
    Layer.provide(Layer.succeed(MailSettings.Current, MailSending.settingsOf(settings))),
    Layer.provide(Layer.succeed(Quotas, quotasOf(settings))),
    Layer.provide(Layer.succeed(VisitLimit, settings.visitLimit === "off" ? undefined : settings.visitLimit!)),
    Layer.provide(Layer.succeed(StateMaxAge, stateMaxAge!)),
    Layer.provide(
      Layer.effectDiscard(
        Effect.forEach([...warnings, ...warnOfKeys(settings)], (warning) => Effect.logWarning(warning)),
      ),
    ),
    Layer.provide(observability(settings, version)),
  )
}
