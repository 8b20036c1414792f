import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { didYouMean, LavaError, messageOf, type LavaPaths } from '@lava/base';
import { eventSettings } from '../../api/events/settings.ts';
import { workerHttpSettings } from '../../api/worker-http/settings.ts';
import { signInSettings } from '../../auth/sign-in-settings.ts';
import { coordinatorSettings } from '../../coordinator/settings.ts';
import { instanceSettings } from '../../core/instance-settings.ts';
import { sharedStorage } from '../../files/storage-settings.ts';
import { linkAddresses } from '../../link/link-addresses.ts';
import { notifySettings } from '../../notify/settings.ts';
import { trustedProxies } from '../../settings/networks.ts';
import { settingsIn, settingsPaths, type SettingsFile } from '../../settings/settings-files.ts';
import { about, type Finding, type Findings, type Site } from './finding.ts';

type Settings = Readonly<Record<string, unknown>>;

/** Everything that reads settings when the server starts. */
const readers: readonly ((settings: Settings) => unknown)[] = [
  instanceSettings, signInSettings, eventSettings, sharedStorage, notifySettings, coordinatorSettings, linkAddresses, workerHttpSettings, trustedProxies,
];

/** Settings of LAVA that mean nothing here, and what does their work. */
const elsewhere: Readonly<Record<string, string>> = {
  DATABASES: 'Name another database in DATABASE_URL, in the environment of the server.',
  SECRET_KEY: 'Nothing is signed with it here.',
  ALLOWED_HOSTS: 'Every name that leads here is answered; let the proxy in front say which do.',
  DEBUG: 'Errors never show more than is meant; --level DEBUG tells more in the log.',
  AUTH_LDAP_SERVER_URI: 'Write LDAP: {url: …} (docs/sign-in.md).',
  AUTH_GITLAB_URL: 'Write OIDC: [{kind: gitlab, …}] (docs/sign-in.md).',
  AUTH_DEBIAN_SSO: 'Write OIDC: […] (docs/sign-in.md).',
  OIDC_ENABLED: 'Write OIDC: […] (docs/sign-in.md).',
  LAVA_LOG_BACKEND: 'Logs are files, or where STORAGE says (docs/scaling.md).',
  MEDIA_ROOT: 'Files of jobs are below /var/lib/lava-server; STORAGE moves them (docs/scaling.md).',
};

/** Files of older releases of LAVA, which are not read. */
const oldFiles = ['settings.conf', 'instance.conf', 'secret_key.conf'];

const { error, warning } = about('settings');

/** The files that can be read, and what is wrong with the others. */
export async function readFiles(paths: LavaPaths): Promise<{ readonly files: readonly SettingsFile[]; readonly findings: readonly Finding[] }> {
  const files: SettingsFile[] = [];
  const findings: Finding[] = [];
  for (const path of await settingsPaths(paths.serverConfig)) {
    await settingsIn(path).then((found) => files.push(...found), (cause: unknown) => findings.push(refusal(cause)));
  }
  return { files, findings };
}

/** What the server would refuse when it starts, and what it would not look at. */
export async function* checkSettings({ paths, files, settings }: Site): Findings {
  const read = new Set<string>();
  const watched = new Proxy(settings, { get: (values, name: string) => { read.add(name); return values[name]; } });
  let refused = false;
  for (const reader of readers) {
    try {
      await reader(watched);
    } catch (cause) {
      refused = true;
      yield refusal(cause, files);
    }
  }
  // A reader that gave up has not said all that it knows.
  if (!refused) yield* unknownNames(files, read);
  for (const name of oldFiles) {
    const path = join(paths.serverConfig, name);
    if (await stat(path).then(() => true, () => false)) yield warning(`${path} is not read`, 'It is of another LAVA: write what you need of it into settings.yaml, and remove it.');
  }
}

/** Why a setting is refused, with the file in which it stands. */
export function refusal(cause: unknown, files: readonly SettingsFile[] = []): Finding {
  const text = messageOf(cause);
  const hint = cause instanceof LavaError ? cause.hint : undefined;
  const name = /^[A-Z][A-Z_]+/.exec(text)?.[0];
  const path = name === undefined ? undefined : files.findLast(({ values }) => Object.hasOwn(values, name))?.path;
  return error(path === undefined ? text : `${path}: ${text.replace(' in settings.yaml', '')}`, hint);
}

function* unknownNames(files: readonly SettingsFile[], read: ReadonlySet<string>): Generator<Finding> {
  for (const { path, values } of files) {
    for (const name of Object.keys(values).filter((key) => !read.has(key))) {
      const meant = didYouMean(name, [...read]);
      yield warning(`${path}: nothing reads ${name}`, elsewhere[name] ?? meant ?? 'It may be for another LAVA: remove it if nothing else reads this file.');
    }
  }
}
