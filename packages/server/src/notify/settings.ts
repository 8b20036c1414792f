import { hostname } from 'node:os';
import { ConfigurationError } from '@lava/base';

/** How people and programs are told of jobs, by LAVA's settings. */
export interface NotifySettings {
  /** INSTANCE_NAME: which LAVA speaks. */
  readonly instance: string;
  /** SITE_URL: where the web application is for those who read a mail; no slash at the end. */
  readonly site: string;
  readonly mail: MailSettings;
  readonly irc: IrcSettings;
  readonly callback: CallbackSettings;
  /** NOTIFY_ALLOWED_NETWORKS: private networks in which users may name receivers: `10.0.0.0/8`. */
  readonly networks: readonly string[];
}

export interface MailSettings {
  /** EMAIL_HOST, EMAIL_PORT. */
  readonly host: string;
  readonly port: number;
  /** EMAIL_HOST_USER, EMAIL_HOST_PASSWORD. */
  readonly login: { readonly user: string; readonly pass: string } | undefined;
  /** EMAIL_USE_TLS is `starttls`, EMAIL_USE_SSL `implicit`. */
  readonly tls: 'none' | 'starttls' | 'implicit';
  /** SERVER_EMAIL. */
  readonly from: string;
  /** EMAIL_TIMEOUT: seconds. */
  readonly timeout: number;
}

export interface IrcSettings {
  /** IRC_PORT. */
  readonly port: number;
  /** IRC_USE_TLS. */
  readonly tls: boolean;
  /** IRC_NICK. */
  readonly nick: string;
}

interface CallbackSettings {
  /** CALLBACK_TIMEOUT: seconds of silence after which a receiver is given up for this time. */
  readonly timeout: number;
  /** CALLBACK_ALLOWED_HOSTS: patterns of host names; undefined: any. */
  readonly hosts: readonly string[] | undefined;
  /** CALLBACK_SIGNING_KEY: what the keys of receivers are made of; undefined: callbacks are not signed. */
  readonly signingKey: string | undefined;
}

type Values = Readonly<Record<string, unknown>>;

/**
 * From the settings of an installation; names and defaults are LAVA's and Django's where these have them.
 * @throws ConfigurationError that names the setting
 */
export function notifySettings(values: Values): NotifySettings {
  const user = text(values, 'EMAIL_HOST_USER', '');
  return {
    instance: text(values, 'INSTANCE_NAME', 'default'),
    site: siteUrl(text(values, 'SITE_URL', `http://${hostname()}`)),
    mail: {
      host: text(values, 'EMAIL_HOST', 'localhost'), port: whole(values, 'EMAIL_PORT', 25), from: text(values, 'SERVER_EMAIL', 'root@localhost'),
      login: user === '' ? undefined : { user, pass: text(values, 'EMAIL_HOST_PASSWORD', '') },
      tls: flag(values, 'EMAIL_USE_SSL') ? 'implicit' : flag(values, 'EMAIL_USE_TLS') ? 'starttls' : 'none', timeout: whole(values, 'EMAIL_TIMEOUT', 20),
    },
    irc: { port: whole(values, 'IRC_PORT', 6667), tls: flag(values, 'IRC_USE_TLS'), nick: text(values, 'IRC_NICK', 'lava-bot') },
    callback: { timeout: whole(values, 'CALLBACK_TIMEOUT', 5), hosts: texts(values, 'CALLBACK_ALLOWED_HOSTS'), signingKey: signingKey(text(values, 'CALLBACK_SIGNING_KEY', '')) },
    networks: texts(values, 'NOTIFY_ALLOWED_NETWORKS') ?? [],
  };
}

const wrong = (name: string, value: unknown, hint: string) => new ConfigurationError(`${name} is ${JSON.stringify(value)}`, { code: 'settings-file', hint });
const absent = (value: unknown) => value === undefined || value === null;

function text(values: Values, name: string, otherwise: string): string {
  const value = values[name];
  if (absent(value)) return otherwise;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw wrong(name, value, 'Write a text in settings.yaml.');
}

function whole(values: Values, name: string, otherwise: number): number {
  const value = values[name];
  if (absent(value)) return otherwise;
  if (Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536) return value as number;
  throw wrong(name, value, 'Write a whole number from 1 to 65535 in settings.yaml.');
}

function flag(values: Values, name: string): boolean {
  const value = values[name];
  if (absent(value) || typeof value === 'boolean') return value === true;
  throw wrong(name, value, 'Write true or false in settings.yaml.');
}

function texts(values: Values, name: string): string[] | undefined {
  const value = values[name];
  if (absent(value)) return undefined;
  if (Array.isArray(value) && value.every((v) => typeof v === 'string')) return value;
  throw wrong(name, value, 'Write a list of texts in settings.yaml.');
}

function siteUrl(value: string): string {
  if (/^https?:\/\/[^\s/]+/.test(value) && URL.canParse(value)) return value.replace(/\/+$/, '');
  throw wrong('SITE_URL', value, 'Write the address of the web application: https://lava.example.org');
}

function signingKey(value: string): string | undefined {
  if (value === '') return undefined;
  if (value.length >= 32) return value;
  // Not the value itself: it is a secret.
  throw new ConfigurationError('CALLBACK_SIGNING_KEY is too short', { code: 'settings-file', hint: 'Use at least 32 random characters: openssl rand -hex 32.' });
}
