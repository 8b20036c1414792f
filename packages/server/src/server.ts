import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { ConfigurationError, type DaemonLog, type LavaPaths } from '@lava/base';
import { createCertificate, readSecretCertificate, type ServerEndpointOptions } from '@lava/link';
import { workerHttpSettings } from './api/worker-http/settings.ts';
import { renderFrom } from './devices/renderer.ts';
import { eventBus } from './event-bus.ts';
import { eventSettings } from './api/events/settings.ts';
import { sharedStorage } from './files/storage-settings.ts';
import { readInstanceSettings } from './core/instance-settings.ts';
import { stand } from './leader/candidate.ts';
import { readLeader } from './leader/office.ts';
import { beginTerm, type Office } from './leader/term.ts';
import { SharedFiles } from './logs/shared-files.ts';
import { trustedProxies } from './settings/networks.ts';
import { openServices } from './core/open-services.ts';
import { mayHaveOthers, type Role } from './settings/roles.ts';
import { readSettingsFiles } from './settings/settings-files.ts';
import { signInSettings } from './auth/sign-in-settings.ts';
import { whenBack } from './store/connection.ts';
import { listenOnly, noticeBus } from './store/notices.ts';
import { openStore } from './store/open-store.ts';
import { Timings } from './timings.ts';

export interface ServerOptions {
  readonly paths: LavaPaths;
  readonly log: DaemonLog;
  readonly sockets: Pick<ServerEndpointOptions, 'control' | 'log' | 'ipv6' | 'encryption'>;
  /** Without it there is no web and no API. */
  readonly http?: { readonly host: string; readonly port: number; readonly webRoot?: string };
  readonly role?: Role;
  /** Where the other servers reach this one's HTTP. */
  readonly advertise?: string;
  /** Seconds for which an attempt keeps its device without a word from its worker. */
  readonly lease: number;
}

export interface Server {
  /** Of the web application and the API. */
  readonly url: string | undefined;
  close(): Promise<void>;
}

/**
 * Everything a LAVA server is: database, services, HTTP, and, while it leads, scheduler, link to the workers, notifications.
 * One that is alone leads when this resolves; where there may be others, whoever is first does (docs/scaling.md).
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { paths, log, sockets, lease, role = 'all' } = options;
  // What was started is ended in reverse order, also when the next thing fails.
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => { for (const end of closers.splice(0).toReversed()) await end(); };
  try {
    const all = await readSettingsFiles(paths);
    const settings = await readInstanceSettings(paths);
    const [people, events] = [signInSettings(all), eventSettings(all)];
    const storage = await sharedStorage(all);
    const shareDatabase = Boolean(process.env['DATABASE_URL']);
    const others = mayHaveOthers(role, { database: shareDatabase, storage: storage !== undefined });
    if (role !== 'web' && 'certificate' in sockets.encryption) await ensureMasterCertificate(sockets.encryption.certificate, log, others);

    const store = await openStore({ paths, log });
    closers.push(() => store.close());
    await whenBack(10, () => ensureSystemUser(store.db));
    const local = eventBus(log);
    const notices = others ? noticeBus(store.db, local) : undefined;
    const bus = notices ?? local;
    closers.push(notices?.listen(store, log) ?? listenOnly(store, local, log));
    const shared = storage && await SharedFiles.open({ storage, db: store.db, paths, log });
    if (shared) closers.push(() => shared.close());
    const parts = { events: bus, log, paths, settings, shared, timings: new Timings(), render: renderFrom({ db: store.db, paths }) };
    const services = openServices({ ...parts, connection: store });

    let office: Office | undefined;
    let url: string | undefined;
    const serve = async () => {
      if (!options.http) return;
      const { startHttp } = await import('./api/http.ts');
      const http = await startHttp(services, {
        ...options.http, webRoot: options.http.webRoot ?? findWebRoot(), events, signIn: people, onlyForServers: role === 'leader', trustProxy: trustedProxies(all),
        workers: { get workers() { return office?.core.httpWorkers; }, settings: workerHttpSettings(all) },
        get enrolment() { return office?.enrolment; },
        ...(others && { leader: { leading: () => office !== undefined, url: async () => (await readLeader(store.db)).url ?? undefined } }),
      });
      closers.push(() => http.close());
      url = http.url;
      log.info(`Web and API on ${url}`);
    };
    const candidate = async () => {
      if (role === 'web') return;
      const standing = await stand({
        connection: store, log, alone: !others,
        person: { name: hostname(), url: options.advertise ?? advertised(options.http), masterKey: await masterKey(sockets.encryption) },
        async lead({ connection }) {
          const term = await beginTerm({ ...parts, connection, lease, sockets, others, settingsFiles: all });
          office = term;
          parts.timings.leads.set(1);
          return async () => {
            office = undefined;
            parts.timings.leads.set(0);
            await term.close();
          };
        },
      });
      closers.push(() => standing.close());
    };
    // One that is alone answers when it can do everything; with others about, it answers while it waits.
    for (const start of others ? [serve, candidate] : [candidate, serve]) await start();
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where other servers reach this one's HTTP, if nobody says it. */
function advertised(http: ServerOptions['http']): string | null {
  if (!http) return null;
  const anywhere = ['0.0.0.0', '::', ''].includes(http.host);
  const host = anywhere ? hostname() : http.host.includes(':') ? `[${http.host}]` : http.host;
  return `http://${host}:${http.port}`;
}

async function masterKey(encryption: ServerOptions['sockets']['encryption']): Promise<string | null> {
  return 'plain' in encryption ? null : (await readSecretCertificate(encryption.certificate)).publicKey;
}

/** Makes the server's key pair at the first start. A path that was named otherwise must be there, and where there are others, all have the same. */
async function ensureMasterCertificate(path: string, log: DaemonLog, others: boolean): Promise<void> {
  if (await stat(path).then(() => true, () => false)) return;
  const name = /([^/]+)\.key_secret$/.exec(path)?.[1];
  if (name === undefined || others) {
    throw new ConfigurationError(`the master certificate ${path} does not exist`, { code: 'no-master-certificate', hint: 'Name the secret half, NAME.key_secret; "lava-server certificate master" makes one. Several servers have the same: copy it.' });
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
