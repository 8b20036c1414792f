#!/usr/bin/env node
// `npm run demo`: a whole LAVA in ./var – server, database, worker, two QEMU devices – that runs one job before your eyes.
// With `--once` it ends after the job, with status 0 if the job is Complete. State stays in ./var from run to run.
import { spawn, type ChildProcess } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { messageOf } from '@lava/base';
import { guestImage } from '../guest-image.ts';
import { LavaSystem } from '../system/lava-system.ts';
import { freePort } from '../system/ports.ts';
import { programFile, project, type Daemon } from '../system/program.ts';

const workerName = 'demo-worker';
const devices = { qemu01: '52:54:00:12:34:01', qemu02: '52:54:00:12:34:02' };
const say = (text: string) => console.log(`== ${text}`);

/** Serves the guest's files, as a build farm would serve a kernel. */
async function serveFiles(folder: string): Promise<string> {
  const port = await freePort(8010);
  const server = createServer((request, response) => {
    const file = join(folder, basename(request.url ?? ''));
    stat(file).then(({ size }) => {
      response.writeHead(200, { 'content-length': size });
      if (request.method === 'HEAD') response.end();
      else createReadStream(file).pipe(response);
    }, () => response.writeHead(404).end());
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return `http://127.0.0.1:${port}`;
}

async function addDevices(system: LavaSystem): Promise<void> {
  const known = await system.manage('devices', 'list', '--all', '--csv');
  if (known.includes('qemu01')) return;
  say('first start: a worker with its certificate, a device type, two devices');
  await system.addWorker(workerName);
  const dictionary = await readFile(join(project, 'demo/qemu.jinja2'), 'utf8');
  for (const [name, mac] of Object.entries(devices)) await system.addDevice(name, workerName, 'qemu', dictionary.replace(devices.qemu01, mac));
}

/** Shows the job. */
let follower: ChildProcess | undefined;

/** Submits the demo's job and shows it until it ends; the status of `lava submit --follow`. */
async function runJob(system: LavaSystem, images: string): Promise<number> {
  const file = join(system.root, 'job.yaml');
  await writeFile(file, (await readFile(join(project, 'demo/job.yaml'), 'utf8')).replaceAll('GUEST/', `${images}/`));
  follower = spawn(process.execPath, [programFile({ package: 'cli', name: 'lava' }), 'submit', '--follow', file], {
    stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...system.cliEnvironment },
  });
  return new Promise((resolve) => follower!.once('exit', (status) => resolve(status ?? 1)));
}

const system = await LavaSystem.at(join(project, 'var'), { http: 8000, control: 5556, log: 5555 });
let stopping: Promise<never> | undefined;
const stop = (status: number): Promise<never> => stopping ??= (async () => {
  follower?.kill();
  await system.stop();
  process.exit(status);
})();
/** A daemon that ends by itself ends the demo; jobs that run go on, and a new demo finds them. */
const watch = (daemon: Daemon) => void daemon.ended.then((how) => {
  if (stopping) return undefined;
  console.error(`demo: ${daemon.name} ended (${how}), see ${daemon.logFile}`);
  return stop(1);
});
process.once('SIGINT', () => void stop(130));
process.once('SIGTERM', () => void stop(143));

try {
  say('guest image: Debian kernel and busybox');
  const images = await serveFiles((await guestImage(join(project, '.cache'))).folder);
  say('server and database');
  watch(await system.startServer());
  await addDevices(system);
  say('worker, over an encrypted link');
  watch(system.startWorker(workerName));
  say('job demo/job.yaml');
  const status = await runJob(system, images);
  if (stopping || process.argv.includes('--once')) await stop(status);
  console.log(`\n${system.url}  sign in as admin with password ${system.password}`);
  console.log(`Ctrl-C stops everything; state stays in ${system.root}`);
} catch (error) {
  console.error(`demo: ${messageOf(error)}\n${(error as { stderr?: string }).stderr ?? ''}`);
  await stop(1);
}
