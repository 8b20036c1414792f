import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { friendlyBoard, login as toShell } from '../testing/fake-board.ts';
import { actionsOf, FlashBoard } from '../testing/flash-board.ts';

// Arm Virtual Hardware: whole jobs with a service that is played over HTTP, and a played `docker` for the console.

const { method: _method, ...login } = toShell;
const routes: Readonly<Record<string, unknown>> = {
  'POST /v1/auth/login': { token: 'session' }, 'GET /v1/models': [{ flavor: 'rpi4b' }, { flavor: 'imx8mp' }], 'GET /v1/projects': [{ id: 'p1', name: 'lab' }],
  'POST /v1/images': { id: 'image1' }, 'POST /v1/instances': { id: 'instance1' }, 'GET /v1/instances/instance1/console': { url: 'wss://console/1' },
  'DELETE /v1/instances/instance1': {}, 'DELETE /v1/images/image1': {},
};

let service: Server;
let board: FlashBoard;
let asked: string[];
let bodies: Map<string, Buffer>;
let state: string;
beforeEach(async () => {
  asked = [];
  bodies = new Map();
  state = 'on';
  service = createServer((request, response) => {
    const call = `${request.method} ${request.url}`;
    asked.push(call);
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece)).on('end', () => {
      bodies.set(call, Buffer.concat(pieces));
      const known = call.endsWith('/state') ? { state } : routes[call];
      const welcome = call === 'POST /v1/auth/login' || request.headers.authorization === 'Bearer session';
      response.writeHead(known === undefined ? 404 : welcome ? 200 : 401, { 'content-type': 'application/json' }).end(JSON.stringify(known ?? {}));
    });
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
});
afterEach(() => {
  service.close();
  board.remove();
});

function avhBoard(): FlashBoard {
  const endpoint = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const made = new FlashBoard('', { tools: ['docker'], deploy: { avh: { options: { model: 'rpi4b', api_endpoint: endpoint, project_name: 'lab' } } }, boot: { avh: null } });
  writeFileSync(made.path('console.sh'), friendlyBoard);
  made.tools.does('docker', `case "$*" in run*) exec bash ${made.path('console.sh')} ;; esac`);
  return made;
}

const run = (more: object = {}, secrets: object = { avh_api_token: 'very-secret' }) => board.run(
  [{ deploy: { to: 'avh', images: { kernel: board.file('Image'), dtb: board.file('board.dtb') }, ...more } }, { boot: { method: 'avh', bootargs: { normal: 'console=ttyS0' }, ...login } }], { job: { secrets } });

test('firmware is packed and uploaded, an instance runs it, and nothing is left of both', async () => {
  board = avhBoard();
  const done = await run();
  expect(done.messages('exception')).toEqual([]);
  expect(done.outcome).toEqual({ result: 'pass', poweredOff: true });
  expect(asked).toEqual([
    'POST /v1/auth/login', 'GET /v1/models', 'GET /v1/projects', 'POST /v1/images', 'POST /v1/instances', 'GET /v1/instances/instance1/state', 'GET /v1/instances/instance1/console',
    'DELETE /v1/instances/instance1', 'DELETE /v1/images/image1',
  ]);
  expect(JSON.parse(bodies.get('POST /v1/instances')?.toString() ?? '')).toMatchObject({ project: 'p1', flavor: 'rpi4b', fwpackage: 'image1', bootOptions: { bootArgs: 'console=ttyS0' }, osbuild: board.id });
  const form = bodies.get('POST /v1/images') ?? Buffer.alloc(0);
  const zip = form.subarray(form.indexOf('PK'));
  writeFileSync(board.path('package.zip'), zip.subarray(0, zip.lastIndexOf('\r\n--')));
  expect(execFileSync('bsdtar', ['-tf', board.path('package.zip')], { encoding: 'utf8' }).split('\n').filter((name) => /\w/.test(name)).map((name) => name.replace('./', '')).sort()).toEqual(['Info.plist', 'devicetree', 'kernel']);
  expect(board.tools.calls('docker').find((words) => words[1] === 'run')).toEqual(expect.arrayContaining(['ghcr.io/vi/websocat:v1.14.1', '-b', 'wss://console/1']));
  expect(actionsOf(done)).toEqual([
    'deploy-avh-retry', 'deploy-avh', 'download-retry', 'file-download', 'download-retry', 'file-download', 'boot-avh', 'call-avh', 'connect-avh', 'auto-login-action', 'login-action', 'export-device-env',
    'finalize', 'power-off', 'read-feedback',
  ]);
  expect(JSON.stringify(done.records)).not.toContain('very-secret');
  expect(board.isOff).toBe(true);
});

test('an instance that fails is removed', async () => {
  board = avhBoard();
  state = 'error';
  expect((await run()).outcome).toMatchObject({ errorType: 'Infrastructure', errorCode: 'avh-instance', errorMessage: 'Instance entered error state', poweredOff: true });
  expect(asked.slice(-2)).toEqual(['DELETE /v1/instances/instance1', 'DELETE /v1/images/image1']);
});

test.each([
  ['a model', { model: 'toaster' }, 'avh-model', 'toaster is not a supported model! Supported AVH models are: rpi4b, imx8mp'], ['a project', { project_name: 'other' }, 'avh-project', "AVH project 'other' NOT found!"],
])('%s that there is none of', async (_, options, errorCode, errorMessage) => {
  board = avhBoard();
  expect((await run({ options })).outcome).toMatchObject({ errorType: 'Job', errorCode, errorMessage });
});

test('a job without the secret', async () => {
  board = avhBoard();
  expect((await run({}, {})).outcome).toMatchObject({ errorType: 'Job', errorCode: 'avh-token' });
  expect(asked).toEqual([]);
});
