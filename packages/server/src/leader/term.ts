import { basename } from 'node:path';
import { readSecretCertificate } from '@lava/link';
import { CoordinatorServer } from '../coordinator/coordinator-server.ts';
import { coordinatorSettings } from '../coordinator/settings.ts';
import { startCore, type Core, type CoreOptions } from '../core/core.ts';
import { followEnrolments, noteRemovals } from '../enrol/shared-certificates.ts';
import type { EnrolmentTarget } from '../enrol/enrol-worker.ts';
import { eventSettings } from '../api/events/settings.ts';
import { linkAddresses } from '../link/link-addresses.ts';
import { Notifier } from '../notify/notifier.ts';
import { notifySettings } from '../notify/settings.ts';
import { TraceExporter } from '../traces/exporter.ts';
import { traceSettings } from '../traces/settings.ts';

export interface TermOptions extends CoreOptions {
  /** Settings of the installation under LAVA's names. */
  readonly settingsFiles: Readonly<Record<string, unknown>>;
  /** There may be other servers. */
  readonly others: boolean;
}

/** What only the leader has. */
export interface Office {
  readonly core: Core;
  /** Where a worker that enrols is sent; undefined on plain connections. */
  readonly enrolment: EnrolmentTarget | undefined;
  close(): Promise<void>;
}

/** Begins all that one server alone does: scheduler, link, workers of the HTTP protocol, leases, notifications, the socket of events. */
export async function beginTerm(options: TermOptions): Promise<Office> {
  const { log, sockets, settingsFiles, others } = options;
  const { encryption } = sockets;
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => { for (const end of closers.splice(0).toReversed()) await end(); };
  try {
    const { db } = options.connection;
    if ('directory' in encryption) {
      if (others) closers.push(await followEnrolments(db, options.events, encryption.directory, log));
      else await noteRemovals(db, encryption.directory);
    }
    const servers = linkAddresses(settingsFiles, sockets);
    const core = await startCore({ ...options, servers });
    closers.push(() => core.close());
    const notifier = new Notifier({ services: core.services, settings: notifySettings(settingsFiles) });
    await notifier.start();
    closers.push(() => notifier.close());
    const traces = traceSettings(process.env);
    if (traces) {
      const exporter = new TraceExporter(core.services, traces);
      closers.push(() => exporter.close());
    }
    const coordinator = coordinatorSettings(settingsFiles);
    if (coordinator) {
      const port = await CoordinatorServer.listen({ db, log, settings: coordinator, send: core.link.answer });
      closers.push(() => port.close());
      log.info(`Coordinator of multinode groups on ${port.address}`);
    }
    const events = eventSettings(settingsFiles);
    if (events.enabled) {
      const { publishEvents } = await import('../api/events/publisher.ts');
      const publisher = await publishEvents(core.services, events);
      closers.push(() => publisher.close());
      log.info(`Events on ${publisher.address}`);
    }
    return { core, enrolment: await enrolmentTarget({ ...options, servers }, core), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function enrolmentTarget({ sockets: { encryption }, servers = [] }: TermOptions, { link: { addresses } }: Core): Promise<EnrolmentTarget | undefined> {
  if ('plain' in encryption) return undefined;
  const port = (address: string) => Number(/:(\d+)$/.exec(address)?.[1]);
  const { publicKey } = await readSecretCertificate(encryption.certificate);
  return { masterKey: publicKey, masterName: basename(encryption.certificate, '.key_secret'), directory: encryption.directory, controlPort: port(addresses.control), logPort: port(addresses.log), servers };
}
