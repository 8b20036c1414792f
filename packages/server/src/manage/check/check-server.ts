import { access, constants, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '@lava/base';
import { sharedStorage } from '../../files/storage-settings.ts';
import { readLeader } from '../../leader/office.ts';
import { about, type Findings, type OpenSite, type Site } from './finding.ts';

/** Bytes below which a disk is full for our purposes, and below which somebody should look at it. */
const [full, low] = [512 * 1024 * 1024, 5 * 1024 * 1024 * 1024];

/** Milliseconds for an answer of our own ports, and of a storage. */
const [patience, storagePatience] = [3000, 15_000];

/** Where logs and files of jobs go: room, permission, and whether the storage of several servers answers. */
export async function* checkStorage({ paths, settings }: Site): Findings {
  const { error, warning } = about('storage');
  const media = join(paths.serverState, 'default/media/job-output');
  const folder = await nearest(media);
  const owner = await stat(folder);
  try {
    await access(folder, constants.W_OK);
    // Some file systems say yes and mean no.
    const trial = join(folder, `.lava-check-${process.pid}`);
    await writeFile(trial, '');
    await rm(trial);
  } catch (cause) {
    yield error(`files of jobs cannot be written to ${folder}, which belongs to the user ${owner.uid}: ${messageOf(cause)}`, 'Run this as the user that the server runs as, or: chown -R lavaserver: /var/lib/lava-server');
  }
  const { bavail, bsize, ffree, files } = await statfs(folder);
  const free = bavail * bsize;
  if (free < full) yield error(`${gibibytes(free)} are free where files of jobs are, ${folder}`, 'Make room: lava-server manage jobs compress --older-than 7d; lava-server manage jobs rm --older-than 365d --logs-only');
  else if (free < low) yield warning(`${gibibytes(free)} are free where files of jobs are, ${folder}`, 'lava-server manage jobs compress --older-than 7d');
  if (files > 0 && ffree < 10_000) yield error(`${ffree} more files fit on the disk of ${folder}`, 'Remove jobs that nobody needs, or move them: STORAGE (docs/scaling.md).');
  const storage = await sharedStorage(settings).catch(() => undefined);
  if (!storage) return;
  const name = `lava-check-${process.pid}`;
  try {
    const work = storage.put(name, Buffer.from('check')).then(() => storage.remove([name]));
    await Promise.race([work, pause(storagePatience, undefined, { ref: false }).then(() => { throw new Error(`no answer in ${storagePatience / 1000} s`); })]);
  } catch (cause) {
    yield error(`${storage.place} cannot be written to: ${messageOf(cause)}`, 'See whether it is there, and its keys (AWS_ACCESS_KEY_ID …) are in the environment of this command as in that of the server.');
  }
}

/** Whether the server runs and answers where it should. */
export async function* checkServer({ master, connection: { db } }: OpenSite): Findings {
  const { error, warning } = about('server');
  if (!master) return;
  const { http, sockets, role } = master;
  if (http) {
    const host = reached(http.host);
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${http.port}`;
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(patience) }).catch((cause: unknown) => messageOf((cause as Error).cause ?? cause));
    if (typeof answer === 'string') {
      yield error(`no server answers at ${url}: ${answer}`, 'Start it: systemctl start lava-server. If it listens elsewhere, this command needs the same settings (HTTP in /etc/lava-server/lava-master, LAVA_HTTP).');
      return;
    }
    if (!answer.ok) yield error(`the server at ${url} is not ready (${answer.status})`, `See its log, and: curl ${url}/readyz`);
  }
  const { leader } = await readLeader(db);
  if (leader === null) yield warning('no server has led yet: nothing is scheduled', 'Start one with the role all or leader.');
  // Of several servers only the leader's ports are open, and it may be another machine.
  if (role !== 'all' || process.env['DATABASE_URL']) return;
  for (const [what, address] of [['MASTER_SOCKET', sockets.control], ['LOG_SOCKET', sockets.log]] as const) {
    const [, host = '', port = ''] = /^tcp:\/\/(.+):(\d+)$/.exec(address) ?? [];
    if (port === '') continue;
    if (!await answers(reached(host.replace(/^\[|\]$/g, '')), Number(port))) yield error(`nothing listens on ${address} (${what}): workers cannot come`, 'See the log of the server: journalctl -u lava-server');
  }
}

/** Where to knock for an address that means all. */
const reached = (host: string) => (['*', '0.0.0.0', ''].includes(host) ? '127.0.0.1' : host === '::' ? '::1' : host);

async function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: patience });
    const say = (yes: boolean) => { socket.destroy(); resolve(yes); };
    socket.once('connect', () => say(true)).once('error', () => say(false)).once('timeout', () => say(false));
  });
}

/** The folder, or the next above that is there. */
async function nearest(path: string): Promise<string> {
  return await stat(path).then((s) => s.isDirectory(), () => false) ? path : nearest(dirname(path));
}

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
