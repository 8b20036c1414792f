import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lavaPaths, version } from '@lava/base';
import { freePort, LavaSystem, project, waitUntil } from '@lava/testbed';
import { qemuDictionary } from './support/jobs.ts';
import { stopSystem } from './support/system.ts';

/*
 * Debian's lavacli against a real server and a real worker, whose jobs are played by a stand-in for lava-run. All its
 * commands and what they print stand in lavacli/session.txt; with LAVA_RECORD set, that file is written anew.
 */

const folder = join(project, 'tests/lavacli');
const session = join(folder, 'session.txt');
/** Debian's Python, whatever else comes first in the PATH. */
const python = '/usr/bin/python3';

let system: LavaSystem;
let lavacli: Lavacli;

beforeAll(async () => {
  if (!existsSync('/usr/bin/lavacli')) return;
  const root = await mkdtemp(join(tmpdir(), 'lava-test-'));
  // As root, the database runs under a user who must be able to pass through.
  await chmod(root, 0o755);
  system = await LavaSystem.at(root);
  const { serverConfig } = lavaPaths(root);
  await mkdir(serverConfig, { recursive: true });
  await writeFile(join(serverConfig, 'settings.yaml'), `EVENT_NOTIFICATION: true\nEVENT_SOCKET: tcp://127.0.0.1:${await freePort()}\n`);
  await system.startServer();
  await system.addWorker('w1');
  await system.addDevice('qemu01', 'w1', 'qemu', qemuDictionary);
  system.startWorker('w1', { args: ['--lava-run', join(project, 'packages/testbed/assets/fake-run/lava-run.mjs')] });
  await waitUntil('the worker', async () => (await system.api<{ state: string }>('/api/v1/workers/w1')).state === 'Online');
  await cp(join(folder, 'files'), join(root, 'files'), { recursive: true });
  lavacli = new Lavacli(join(root, 'files'));
}, 180_000);

afterAll(async () => {
  await lavacli?.end();
  await stopSystem(system);
});

test.skipIf(!existsSync('/usr/bin/lavacli'))('every command prints what it always printed', async () => {
  const recorded = await readFile(session, 'utf8');
  const commands = recorded.split('\n').filter((line) => line.startsWith('$ lavacli ') || line.startsWith('== '));
  let replayed = '';
  for (const line of commands) {
    if (line.startsWith('== ')) { replayed += `${replayed && '\n'}${line}\n`; continue; }
    const words = [...line.slice('$ lavacli '.length).matchAll(/"([^"]*)"|(\S+)/g)].map((m) => filledIn(m[1] ?? m[2]!));
    const { status, output } = await lavacli.run(words).catch((error: unknown) => { process.stderr.write(replayed.slice(-3000)); throw error; });
    // Which states it saw is chance.
    const shown = line.includes(' jobs wait ') ? output.match(/timeout!\n/)?.[0] ?? '' : output;
    replayed += `${line}\n${comparable(shown)}${status === 0 ? '' : `→ ${status}\n`}`;
  }
  if (process.env['LAVA_RECORD']) await writeFile(session, replayed);
  expect(replayed).toBe(process.env['LAVA_RECORD'] ? replayed : recorded);
}, 180_000);

test.skipIf(!existsSync('/usr/bin/lavacli'))('events are listened to and waited for', async () => {
  await lavacli.run(['identities', 'add', 'events', '--uri', `${system.url}/RPC2`, '--username', 'admin', '--token', system.token]);
  const listening = lavacliProcess('events', 'listen', '--filter', 'device');
  const waiting = lavacliProcess('events', 'wait', 'device', 'qemu01', '--health', 'BAD');
  const waitingForWorker = lavacliProcess('events', 'wait', 'worker', 'w1', '--health', 'MAINTENANCE');
  // Who has not connected yet misses an event, so they are made again and again.
  const all = [listening, waiting, waitingForWorker];
  await waitUntil('all three', async () => {
    for (const health of ['GOOD', 'BAD']) await lavacli.run(['-i', 'events', 'devices', 'update', 'qemu01', '--health', health]);
    for (const health of ['ACTIVE', 'MAINTENANCE']) await lavacli.run(['-i', 'events', 'workers', 'update', 'w1', '--health', health]);
    return waiting.child.exitCode === 0 && waitingForWorker.child.exitCode === 0 && listening.output().includes('health=Bad');
  }).finally(() => { for (const { child } of all) child.kill(); });
  expect(comparable(listening.output())).toMatch(/^Connecting to \$URL\/ws\/\n(?:\$TIME org\.lavasoftware\.device lavaserver - \[qemu01\] <qemu> state=Idle health=(?:Good|Bad)\n)+$/);
  expect(waiting.output()).toMatch(/^Listening to tcp:\/\/127\.0\.0\.1:\d+\n$/);
}, 120_000);

/** lavacli as a program of its own, for commands that do not end by themselves. */
function lavacliProcess(...words: string[]) {
  const child = spawn(python, ['/usr/bin/lavacli', '-i', 'events', ...words], { ...lavacliOptions(lavacli.folder), stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (part: Buffer) => { output += part.toString(); });
  return { child, output: () => output };
}

function lavacliOptions(cwd: string) {
  const { PYTHONPATH: _none, ...env } = process.env;
  return { cwd, env: { ...env, XDG_CONFIG_HOME: cwd, COLUMNS: '100', PYTHONUNBUFFERED: '1' } };
}

const filledIn = (word: string) => word.replace('$URL', system.url).replace('$TOKEN', system.token);

/** What a command printed, without what differs from run to run. */
function comparable(output: string): string {
  return output.replaceAll(system.url, '$URL').replaceAll(system.url.replace('http://', ''), '$HOST').replaceAll(system.token, '$TOKEN').replaceAll(version, '$VERSION').replaceAll(lavaPaths(system.root).root, '$ROOT')
    .replace(/\d{8}T\d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00)?/g, '$TIME')
    .split('\n').map((line) => line.trimEnd()).join('\n');
}

/** lavacli in a folder of its own, where its configuration is too. */
class Lavacli {
  readonly folder: string;
  readonly #process;
  readonly #answers;

  constructor(cwd: string) {
    this.folder = cwd;
    this.#process = spawn(python, [join(folder, 'driver.py')], { ...lavacliOptions(cwd), stdio: ['pipe', 'pipe', 'inherit'] });
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async run(words: readonly string[]): Promise<{ status: number; output: string }> {
    this.#process.stdin.write(`${JSON.stringify(words)}\n`);
    const answer = await Promise.race([this.#answers.next(), pause(60_000, undefined, { ref: false })]);
    if (!answer || answer.done) throw new Error(`lavacli ${answer ? 'ended its interpreter' : 'has not answered for a minute'}: ${words.join(' ')}`);
    return JSON.parse(answer.value) as { status: number; output: string };
  }

  async end(): Promise<void> {
    this.#process.kill();
    await new Promise((resolve) => { this.#process.once('close', resolve); });
  }
}
