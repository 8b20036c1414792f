import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConfigurationError, messageOf } from '@lava/base';
import { curveKeyPair } from 'zeromq';
import { decodeZ85 } from './z85.ts';

/** A Curve25519 key pair or its public half; keys are Z85 texts of 40 characters. */
export interface Certificate {
  readonly path: string;
  readonly publicKey: string;
  readonly secretKey: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a certificate may be called: it becomes a file name and is matched with hostnames. */
const validName = /^[-_a-zA-Z0-9.]{1,200}$/;

const banner = (secret: boolean, at: Date) => [
  `#   ****  Made by LAVA on ${at.toISOString()}  ****`,
  secret ? '#   ZeroMQ CURVE **secret** certificate.' : '#   ZeroMQ CURVE public certificate.',
  secret ? '#   Keep this file on this machine and give it to nobody.' : '#   Copy this file to the machines that shall trust its owner.',
  '',
].join('\n');

/** Text of a ZeroMQ certificate (ZPL, RFC 4): sections `metadata` and `curve`, indented by four blanks. */
export function formatCertificate(keys: { publicKey: string; secretKey?: string }, metadata: Readonly<Record<string, string>> = {}): string {
  const lines = ['metadata'];
  for (const [key, value] of Object.entries(metadata)) lines.push(`    ${key} = "${value.replaceAll('"', "'")}"`);
  lines.push('curve', `    public-key = "${keys.publicKey}"`);
  if (keys.secretKey !== undefined) lines.push(`    secret-key = "${keys.secretKey}"`);
  return `${lines.join('\n')}\n`;
}

/** Reads the text of a ZeroMQ certificate. Throws ConfigurationError naming `path` when there is no valid public key. */
export function parseCertificate(text: string, path: string): Certificate {
  const values: Record<string, Record<string, string>> = { curve: {}, metadata: {} };
  let section = '';
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(#|$)/.test(line)) continue;
    const entry = /^\s+([-\w./]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|(.*?))\s*$/.exec(line);
    if (!entry) { section = line.trim(); continue; }
    const target = values[section];
    if (target) target[entry[1] ?? ''] = entry[2] ?? entry[3] ?? entry[4] ?? '';
  }
  const key = (name: string) => {
    const value = values['curve']?.[name];
    if (value !== undefined && decodeZ85(value)?.length !== 32) {
      throw new ConfigurationError(`${path}: ${name} is not a key of 40 Z85 characters`, {
        code: 'certificate-broken', hint: 'Copy the file again, or make a new one with create_certificate.',
      });
    }
    return value;
  };
  const publicKey = key('public-key');
  if (publicKey === undefined) {
    throw new ConfigurationError(`${path}: no public-key in a section "curve"`, {
      code: 'certificate-broken', hint: 'This is not a ZeroMQ certificate. Make one with create_certificate.',
    });
  }
  return { path, publicKey, secretKey: key('secret-key'), metadata: values['metadata'] ?? {} };
}

/** Reads a certificate file. Throws ConfigurationError (code `certificate-missing` when there is no such file). */
export async function readCertificate(path: string): Promise<Certificate> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new ConfigurationError(missing ? `no certificate ${path}` : `cannot read certificate ${path}: ${messageOf(error)}`, {
      code: missing ? 'certificate-missing' : 'certificate-unreadable', cause: error,
    });
  }
  return parseCertificate(text, path);
}

/** Reads a certificate that must have its secret half. */
export async function readSecretCertificate(path: string): Promise<Certificate & { secretKey: string }> {
  const { secretKey, ...rest } = await readCertificate(path);
  if (secretKey === undefined) {
    throw new ConfigurationError(`${path} holds no secret key`, {
      code: 'certificate-not-secret', hint: 'Name the .key_secret file; the .key file is only its public half.',
    });
  }
  return { ...rest, secretKey };
}

/**
 * Makes a key pair and writes `NAME.key` (0644) and `NAME.key_secret` (0600) into `directory`, which is made when
 * missing. Throws ConfigurationError when one of them exists already: a key in use is never overwritten.
 */
export async function createCertificate(directory: string, name: string, metadata: Readonly<Record<string, string>> = {}): Promise<{ publicFile: string; secretFile: string }> {
  if (!validName.test(name) || name.startsWith('.')) {
    throw new ConfigurationError(`"${name}" cannot name a certificate`, {
      code: 'certificate-name', hint: 'Use letters, digits, dots, dashes and underscores, for example the hostname of the worker.',
    });
  }
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const keys = curveKeyPair();
  const publicFile = join(directory, `${name}.key`);
  const secretFile = join(directory, `${name}.key_secret`);
  const now = new Date();
  await writeNew(secretFile, banner(true, now) + formatCertificate(keys, metadata), 0o600);
  try {
    await writeNew(publicFile, banner(false, now) + formatCertificate({ publicKey: keys.publicKey }, metadata), 0o644);
  } catch (error) {
    await rm(secretFile, { force: true });
    throw error;
  }
  return { publicFile, secretFile };
}

/** Writes a whole file or none, and never over another: watchers must not read half a certificate. */
async function writeNew(path: string, text: string, mode: number): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`);
  const file = await open(temporary, 'w', mode);
  try {
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
    await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new ConfigurationError(`${path} exists already`, {
      code: 'certificate-exists', hint: 'Delete it first if it shall be replaced; whoever uses it will then be locked out.',
    });
  } finally {
    await file.close();
    await rm(temporary, { force: true });
  }
}
