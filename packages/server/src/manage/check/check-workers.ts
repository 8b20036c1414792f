import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf } from '@lava/base';
import { parseCertificate, readSecretCertificate } from '@lava/link';
import { workerHealth, workerState } from '../../store/numbers.ts';
import { about, type Findings, type OpenSite } from './finding.ts';

/** Days after which a worker that says nothing is hardly coming back by itself. */
const longSilence = 2;

const { error, warning } = about('workers');

/** Certificates of the link between workers and server, and workers that cannot come or should not. */
export async function* checkWorkers({ paths, master, connection: { db } }: OpenSite): Findings {
  if (!master) return;
  const { encryption } = master.sockets;
  const workers = await db.selectFrom('workers').select(['hostname', 'state', 'health', 'certificate', 'token_hash', 'last_ping']).orderBy('hostname').execute();
  for (const { hostname, state, health, last_ping: last } of workers) {
    const days = last === null ? undefined : Math.floor((Date.now() - last.getTime()) / 86_400_000);
    if (state === workerState.Offline && health === workerHealth.Active && days !== undefined && days >= longSilence) yield warning(`${hostname} has been silent for ${days} days`, `Look at it, or: lava-server manage workers update ${hostname} --health RETIRED`);
  }
  if (!('directory' in encryption)) return;
  const { certificate, directory } = encryption;
  yield* checkOwn(certificate);
  const keys = await readKeys(directory);
  for (const problem of keys.problems) yield error(problem, 'Copy the file again, or remove it.');
  const ownName = basename(certificate, '.key_secret');
  const byName = new Map(workers.map((worker) => [worker.certificate ?? worker.hostname, worker]));
  for (const [name, publicKey] of keys.public) {
    if (name === ownName) continue;
    const worker = byName.get(name);
    const path = join(directory, `${name}.key`);
    if (!worker) yield warning(`${path} is of no worker that is known`, `Remove it, or: lava-server manage workers add ${name}`);
    else if (worker.health === workerHealth.Retired) yield warning(`${path} still lets the retired worker ${worker.hostname} in`, `lava-server manage workers revoke ${worker.hostname}`);
    const others = [...keys.public].filter(([other, key]) => other !== name && key === publicKey).map(([other]) => other);
    if (others.length > 0 && name < others[0]!) yield error(`${name} and ${others.join(', ')} have the same key`, 'Each machine has one of its own: lava-server manage workers enroll HOSTNAME');
  }
  // A worker on this machine has its own here.
  const alsoWorker = await stat(paths.workerState).then(() => true, () => false);
  for (const name of alsoWorker ? [] : keys.secret.filter((each) => each !== ownName)) {
    yield warning(`${join(directory, `${name}.key_secret`)} is the secret half of another machine`, 'It belongs on that machine only: remove it here, and make a new one there if others could read it.');
  }
  for (const { hostname, certificate: other, token_hash: token, health } of workers) {
    if (health !== workerHealth.Retired && token === null && !keys.public.has(other ?? hostname)) yield warning(`${hostname} has neither a certificate here nor a token: it cannot come`, `lava-server manage workers enroll ${hostname}`);
  }
  yield* checkRevoked(db, keys.public);
}

async function* checkOwn(path: string): Findings {
  const found = await stat(path).catch(() => undefined);
  // The first start makes it.
  if (!found) return;
  if (found.mode & 0o027) yield error(`the secret key of this server, ${path}, can be read by others (${(found.mode & 0o777).toString(8)})`, `chmod 0600 ${path}; if others did read it, make a new one and enrol the workers again`);
  try {
    const { publicKey } = await readSecretCertificate(path);
    const half = path.replace(/_secret$/, '');
    const shown = await readFile(half, 'utf8').then((text) => parseCertificate(text, half).publicKey, () => undefined);
    if (shown !== undefined && shown !== publicKey) yield error(`${half} is not the public half of ${path}`, 'Workers that get it greet in vain: put the right one there.');
  } catch (cause) {
    yield error(messageOf(cause), 'Copy it from a backup; "lava-server certificate master" makes a new one, of which workers know nothing.');
  }
}

async function* checkRevoked(db: OpenSite['connection']['db'], keys: ReadonlyMap<string, string>): Findings {
  const revoked = await db.selectFrom('worker_keys').select(['name', 'public_key']).where('revoked_at', 'is not', null).orderBy('name').execute();
  for (const { name, public_key: key } of revoked) {
    if (keys.get(name) === key) yield error(`the key of ${name} was revoked and is still here`, `lava-server manage workers revoke ${name}`);
  }
}

interface Keys {
  /** By name of the file without its ending. */
  readonly public: ReadonlyMap<string, string>;
  /** Names of those whose secret half is here. */
  readonly secret: readonly string[];
  readonly problems: readonly string[];
}

async function readKeys(directory: string): Promise<Keys> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => !name.startsWith('.')).sort();
  const [keys, problems] = [new Map<string, string>(), [] as string[]];
  for (const name of names.filter((each) => each.endsWith('.key'))) {
    const path = join(directory, name);
    try {
      keys.set(basename(name, '.key'), parseCertificate(await readFile(path, 'utf8'), path).publicKey);
    } catch (cause) {
      problems.push(messageOf(cause));
    }
  }
  return { public: keys, secret: names.filter((name) => name.endsWith('.key_secret')).map((name) => basename(name, '.key_secret')), problems };
}
