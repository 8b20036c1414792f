// `npm run demo`: a whole LAVA in ./var – server, database, worker, two QEMU devices – that runs one job before your eyes.
// With `--once` it ends after the job: status 0 if the job is Complete. State stays in ./var from run to run.
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const project = fileURLToPath(new URL('..', import.meta.url));
const state = join(project, 'var');
const worker = 'demo-worker';
const once = process.argv.includes('--once');
const program = (pkg, name) => join(project, 'packages', pkg, 'dist', `${name}.js`);
const children = [];

const say = (text) => console.log(`\u001b[1m==\u001b[0m ${text}`);

/** Runs one of our programs to its end; what it printed. */
async function lava(pkg, name, ...args) {
  const { stdout } = await promisify(execFile)(process.execPath, [program(pkg, name), ...args]);
  return stdout.trim();
}
const manage = (...args) => lava('server', 'lava-server', 'manage', '--root', state, ...args);

/** The wanted port, or a free one if somebody has it. */
function freePort(wanted) {
  return new Promise((resolve, reject) => {
    const probe = createTcpServer();
    probe.once('error', (error) => (wanted === 0 ? reject(error) : resolve(freePort(0))));
    probe.listen(wanted, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Starts a daemon with its output in var/NAME.log; stopped with the demo. */
async function daemon(name, pkg, ...args) {
  const log = join(state, `${name}.log`);
  const file = await import('node:fs').then((fs) => fs.openSync(log, 'a'));
  const child = spawn(process.execPath, [program(pkg, name), ...args], { stdio: ['ignore', file, file] });
  children.push(child);
  child.once('exit', (status) => {
    if (stopping) return;
    console.error(`demo: ${name} ended (status ${status}); see ${log}`);
    void stop(1);
  });
}

async function waitFor(what, check) {
  for (let tries = 0; tries < 600; tries++) {
    if (await check().catch(() => false)) return;
    await new Promise((r) => setTimeout(r, 100));
  }
  throw new Error(`${what} did not come up within a minute; see the logs in ${state}`);
}

let stopping = false;
async function stop(status) {
  if (stopping) return;
  stopping = true;
  for (const child of children.reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = new Promise((r) => child.once('exit', r));
    child.kill('SIGTERM');
    await gone;
  }
  process.exit(status);
}
process.on('SIGINT', () => void stop(130));
process.on('SIGTERM', () => void stop(143));

/** Serves the files of the guest image, as a build farm would serve a kernel. */
async function serveGuest(folder) {
  const port = await freePort(8010);
  const server = createServer((request, response) => {
    const file = join(folder, basename(request.url));
    stat(file).then(({ size }) => {
      response.writeHead(200, { 'content-length': size });
      if (request.method === 'HEAD') response.end();
      else createReadStream(file).pipe(response);
    }, () => response.writeHead(404).end());
  });
  await new Promise((r) => server.listen(port, '127.0.0.1', r));
  return `http://127.0.0.1:${port}`;
}

async function secret(name) {
  const file = join(state, name);
  if (!existsSync(file)) await writeFile(file, randomBytes(12).toString('base64url'), { mode: 0o600 });
  return readFile(file, 'utf8');
}

async function main() {
  await mkdir(state, { recursive: true, mode: 0o755 });
  say('guest image (Debian kernel, busybox)');
  const guest = JSON.parse(await lava('testbed', 'guest-image', join(project, '.cache')));
  const images = await serveGuest(guest.folder);

  const [http, control, log] = [await freePort(8000), await freePort(5556), await freePort(5555)];
  const url = `http://127.0.0.1:${http}`;
  say('server and database');
  await daemon('lava-server', 'server', 'run', '--root', state, '--http', `127.0.0.1:${http}`,
    '--master-socket', `tcp://127.0.0.1:${control}`, '--log-socket', `tcp://127.0.0.1:${log}`,
    '--web-root', join(project, 'packages/web/dist'));
  await waitFor('the server', async () => (await fetch(`${url}/healthz`)).ok);

  const password = await secret('admin-password');
  const tokenFile = join(state, 'token');
  if (!existsSync(tokenFile)) {
    say('first start: an admin, a device type, a worker, two devices');
    await manage('users', 'add', 'admin', '--passwd', password, '--superuser', '--staff');
    await manage('device-types', 'add', 'qemu');
    await manage('workers', 'add', worker, '--description', 'this machine');
    for (const [name, mac] of [['qemu01', '52:54:00:12:34:01'], ['qemu02', '52:54:00:12:34:02']]) {
      const devices = join(state, 'etc/lava-server/dispatcher-config/devices');
      await mkdir(devices, { recursive: true });
      const dictionary = await readFile(join(project, 'demo/qemu.jinja2'), 'utf8');
      await writeFile(join(devices, `${name}.jinja2`), dictionary.replace('MAC', mac));
      await manage('devices', 'add', name, '--device-type', 'qemu', '--worker', worker);
    }
    await lava('worker', 'create_certificate', worker, '--root', state);
    await writeFile(tokenFile, await manage('tokens', 'add', '-u', 'admin', '-d', 'demo'), { mode: 0o600 });
  }

  say('worker (encrypted link)');
  await daemon('lava-worker', 'worker', '--root', state, '--hostname', worker, '--log-file', '-',
    '--master', `tcp://127.0.0.1:${control}`, '--socket-addr', `tcp://127.0.0.1:${log}`);

  say(`submitting ${join('demo', 'job.yaml')}\n`);
  const definition = join(state, 'job.yaml');
  await writeFile(definition, (await readFile(join(project, 'demo/job.yaml'), 'utf8')).replaceAll('GUEST/', `${images}/`));
  const follow = spawn(process.execPath, [program('cli', 'lava'), 'submit', '--follow', definition], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, LAVA_URL: url, LAVA_TOKEN: (await readFile(tokenFile, 'utf8')).trim() },
  });
  const status = await new Promise((r) => follow.once('exit', (code) => r(code ?? 1)));
  if (once) return stop(status);

  console.log(`\n   ${url}  sign in as admin, password ${password}\n   Ctrl-C stops everything; state stays in ${state}\n`);
}

main().catch((error) => {
  console.error(`demo: ${error.stderr || error.message}`);
  void stop(1);
});
