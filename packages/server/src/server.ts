import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { ConfigurationError, type DaemonLog, type LavaPaths } from '@lava/base';
import { createCertificate, readSecretCertificate, type ServerEndpointOptions } from '@lava/link';
import { workerHttpSettings } from './api/worker-http/settings.ts';
import { startCore } from './core.ts';
import { renderFrom } from './devices/renderer.ts';
import type { EnrolmentTarget } from './enrol/enrol-worker.ts';
import { eventBus } from './event-bus.ts';
import { eventSettings } from './event-settings.ts';
import { readInstanceSettings } from './instance-settings.ts';
import { Notifier } from './notify/notifier.ts';
import { notifySettings } from './notify/settings.ts';
import { readSettingsFiles } from './settings-files.ts';
import { signInSettings } from './auth/sign-in-settings.ts';
import { openStore } from './store/open-store.ts';
import { beTheServer } from './store/single-server.ts';

export interface ServerOptions {
  readonly paths: LavaPaths;
  readonly log: DaemonLog;
  readonly sockets: Pick<ServerEndpointOptions, 'control' | 'log' | 'ipv6' | 'encryption'>;
  /** Without it there is no web and no API. */
  readonly http?: { readonly host: string; readonly port: number; readonly webRoot?: string };
  /** Seconds for which an attempt keeps its device without a word from its worker. */
  readonly lease: number;
}

export interface Server {
  /** Of the web application and the API. */
  readonly url: string | undefined;
  /** Of the sockets for workers. */
  readonly addresses: { readonly control: string; readonly log: string };
  close(): Promise<void>;
}

/** Everything a LAVA server is: database, services, scheduler, the link to the workers, HTTP. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { paths, log, sockets, lease } = options;
  // What was started is ended in reverse order, also when the next thing fails.
  const closers: (() => Promise<void>)[] = [];
  const close = async () => { for (const end of closers.splice(0).toReversed()) await end(); };
  try {
    if ('certificate' in sockets.encryption) await ensureMasterCertificate(sockets.encryption.certificate, log);
    const settings = await readInstanceSettings(paths);
    const people = signInSettings(await readSettingsFiles(paths));
    const store = await openStore({ paths, log });
    closers.push(() => store.close());
    closers.push(await beTheServer(store, log));
    await ensureSystemUser(store.db);
    const core = await startCore({ connection: store, events: eventBus(log), log, paths, settings, render: renderFrom({ db: store.db, paths }), lease, sockets });
    closers.push(() => core.close());
    const notifier = new Notifier({ services: core.services, settings: notifySettings(await readSettingsFiles(paths)) });
    await notifier.start();
    closers.push(() => notifier.close());
    let url: string | undefined;
    if (options.http) {
      const { startHttp } = await import('./api/http.ts');
      const all = await readSettingsFiles(paths);
      const events = eventSettings(all);
      const http = await startHttp(core.services, {
        ...options.http, webRoot: options.http.webRoot ?? findWebRoot(), events, signIn: people, workers: { workers: core.httpWorkers, settings: workerHttpSettings(all) },
        enrolment: await enrolmentTarget(sockets.encryption, core.link.addresses),
      });
      closers.push(() => http.close());
      if (events.enabled) {
        const { publishEvents } = await import('./api/events/publisher.ts');
        const publisher = await publishEvents(core.services, events);
        closers.push(() => publisher.close());
        log.info(`Events on ${publisher.address}`);
      }
      url = http.url;
      log.info(`Web and API on ${url}`);
    }
    return { url, addresses: core.link.addresses, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where a worker that enrols is sent; undefined on plain connections. */
async function enrolmentTarget(encryption: ServerOptions['sockets']['encryption'], addresses: Server['addresses']): Promise<EnrolmentTarget | undefined> {
  if ('plain' in encryption) return undefined;
  const port = (address: string) => Number(/:(\d+)$/.exec(address)?.[1]);
  const { publicKey } = await readSecretCertificate(encryption.certificate);
  return { masterKey: publicKey, masterName: basename(encryption.certificate, '.key_secret'), directory: encryption.directory, controlPort: port(addresses.control), logPort: port(addresses.log) };
}

/** Makes the server's key pair at the first start. A path that was named otherwise must be there. */
async function ensureMasterCertificate(path: string, log: DaemonLog): Promise<void> {
  if (await stat(path).then(() => true, () => false)) return;
  const name = /([^/]+)\.key_secret$/.exec(path)?.[1];
  if (name === undefined) {
    throw new ConfigurationError(`the master certificate ${path} does not exist`, { code: 'no-master-certificate', hint: 'Name the secret half, NAME.key_secret; "lava-server certificate master" makes one.' });
  }
  const made = await createCertificate(dirname(path), name);
  log.info(`Made the certificate of this server: copy ${made.publicFile} to ${dirname(path)} on each worker`);
}

/** The user who acts for the server itself, with the group of the same name. */
async function ensureSystemUser(db: Parameters<ReturnType<typeof sql>['execute']>[0]): Promise<void> {
  await sql`insert into users (username, is_active) values ('lava-health', false) on conflict do nothing`.execute(db);
  await sql`insert into groups (name) values ('lava-health') on conflict do nothing`.execute(db);
}

/** The built web application: beside the program in a package, in packages/web/dist in a clone. */
function findWebRoot(): string | undefined {
  const here = dirname(fileURLToPath(import.meta.url));
  const candidates = ['assets/web', '../assets/web', '../../web/dist', '../../../web/dist'].map((path) => join(here, path));
  return candidates.find((path) => existsSync(join(path, 'index.html')));
}
