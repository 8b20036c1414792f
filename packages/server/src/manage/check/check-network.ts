import { isIP } from 'node:net';
import { eventSettings } from '../../api/events/settings.ts';
import { workerHttpSettings } from '../../api/worker-http/settings.ts';
import { signInSettings } from '../../auth/sign-in-settings.ts';
import { notifySettings } from '../../notify/settings.ts';
import { trustedProxies } from '../../settings/networks.ts';
import { about, type Findings, type Site } from './finding.ts';

const { error, warning } = about('network');

/** Addresses anywhere: a setting that takes them takes everybody. */
const strangers = ['203.0.113.7', '2001:db8::7'];

/** What others on the network can see, reach and pretend. Settings that cannot be read are told of elsewhere. */
export async function* checkNetwork({ settings, master }: Site): Findings {
  if (master?.http && !isLocal(master.http.host)) {
    yield warning(`the web is served on ${master.http.host}:${master.http.port} without TLS: passwords and tokens can be read on the way`, 'Listen on 127.0.0.1 (HTTP="127.0.0.1:8000") behind a proxy that speaks https, or let a firewall keep all but the proxy out.');
  }
  const plain = master && 'plain' in master.sockets.encryption && master.sockets.encryption.plain === 'anywhere';
  if (plain) yield error('workers connect without encryption from anywhere (--allow-plain-network): whoever is on the way runs jobs', 'Leave the option out: lava-server manage workers enroll gives a worker its certificate.');
  if (master?.level === 'DEBUG') yield warning('the log level is DEBUG: the log grows fast', 'Set LOGLEVEL="INFO" when you have found what you look for.');
  yield* checkAddresses(settings);
  yield* checkDoors(settings);
}

async function* checkAddresses(settings: Site['settings']): Findings {
  const given = settings['SITE_URL'];
  const site = attempt(() => notifySettings(settings).site);
  if (site !== undefined) {
    if (given === undefined || given === null) yield warning(`SITE_URL is not set: mails send their readers to ${site}`, 'Write SITE_URL: https://lava.example.org into settings.yaml.');
    else if (isPlain(site)) yield warning(`SITE_URL is ${site}: what people send there can be read on the way`, 'Put a proxy with TLS in front and write https://.');
  }
  const url = process.env['DATABASE_URL'];
  if (url && URL.canParse(url)) {
    const { hostname, password, searchParams } = new URL(url);
    if (!searchParams.has('host') && !isLocal(hostname) && !['require', 'verify-ca', 'verify-full'].includes(searchParams.get('sslmode') ?? '')) yield warning(`the database on ${hostname} may be spoken to without TLS`, 'Add sslmode=verify-full to DATABASE_URL.');
    if (['lava', 'lavaserver', 'password', 'postgres', 'devel'].includes(decodeURIComponent(password))) yield error('the password in DATABASE_URL is one that everybody tries first', 'Give the role another one: \\password in psql.');
  }
}

async function* checkDoors(settings: Site['settings']): Findings {
  const mayAll = (allowed: ((address: string) => boolean) | undefined) => allowed !== undefined && strangers.some((address) => allowed(address));
  if (mayAll(attempt(() => trustedProxies(settings)))) yield error('TRUSTED_PROXIES holds the whole Internet: anybody can pretend to be any address', 'Name the proxies only.');
  const workers = attempt(() => workerHttpSettings(settings));
  if (workers?.autoRegister && mayAll(workers.mayRegister)) yield error('WORKER_AUTO_REGISTER lets workers in from everywhere (WORKER_AUTO_REGISTER_NETMASK)', 'Name the networks of your workers, or register them by hand.');
  const events = attempt(() => eventSettings(settings));
  if (events?.enabled && !isLocal(/^tcp:\/\/(.+):\d+$/.exec(events.socket)?.[1] ?? '')) yield warning(`everybody who reaches ${events.socket} sees the events of all jobs, also private ones (EVENT_NOTIFICATION)`, 'Write EVENT_SOCKET: tcp://127.0.0.1:5500, or let a firewall guard the port; the web socket /ws/ tells everybody only what they may see.');
  const signIn = attempt(() => signInSettings(settings));
  if (signIn?.requireLogin && events?.enabled) yield warning('REQUIRE_LOGIN keeps strangers out, but the socket of events does not ask who listens (EVENT_NOTIFICATION)', 'Set EVENT_NOTIFICATION: false.');
  for (const provider of signIn?.oidc ?? []) {
    if (provider.create && provider.allowedGroups === null && ['https://gitlab.com', 'https://github.com', 'https://accounts.google.com'].includes(provider.issuer)) yield error(`everybody with an account at ${provider.issuer} gets one here (OIDC, ${provider.name})`, 'Name allowed_groups.');
  }
}

const isPlain = (url: string) => url.startsWith('http:') && !isLocal(new URL(url).hostname);

/** A name or an address of this machine alone; also the form of addresses that URLs have. */
function isLocal(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  return address === 'localhost' || address === '::1' || (isIP(address) === 4 && address.startsWith('127.')) || address === '';
}

function attempt<T>(read: () => T): T | undefined {
  try { return read(); } catch { return undefined; }
}
