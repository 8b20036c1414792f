import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { friendlyBoard, login as toShell } from '../testing/fake-board.ts';
import { actionsOf, FlashBoard } from '../testing/flash-board.ts';

// Arm Virtual Hardware: whole jobs with a service that is played over HTTP, and a played `docker` for the console.

const { method: _method, ...login } = toShell;
// Addresses and shapes are those of the service's public API (ARM-software/avh-api, 3.15).
const routes: Readonly<Record<string, unknown>> = {
  'POST /v1/auth/login': { token: 'session', expiration: '2030-01-01T00:00:00.000Z' },
  'GET /v1/models': [{ type: 'iot', name: 'rpi4b', flavor: 'rpi4b', model: 'rpi4b', quotas: { cpus: 4 } }, { type: 'iot', name: 'Kronos', flavor: 'kronos', model: 'kronos' }],
  'GET /v1/projects': [{ id: 'p1', name: 'lab', settings: {}, quotas: {} }],
  'POST /v1/images': { status: 'active', id: 'image1', type: 'fwpackage', project: 'p1' },
  'POST /v1/instances': { id: 'instance1', state: 'creating' },
  'GET /v1/instances': [{ id: 'other', name: 'other' }],
  'GET /v1/instances/instance1/console': { url: 'wss://console/1' },
  'GET /v1/instances/instance1': { id: 'instance1', state: 'on', error: 'no such kernel', consoles: [{ name: 'RSE', info: 'c0' }, { name: 'Primary Compute Non-Secure', info: 'c1' }] },
  'DELETE /v1/instances/instance1': undefined, 'DELETE /v2/images/image1': undefined,
};

let service: Server;
let board: FlashBoard;
let asked: string[];
let bodies: Map<string, Buffer>;
/** What the service says of the instance, one after the other; the last for ever. */
let states: string[];
/** Answers that come before the proper ones, by call. */
let before: Map<string, { status: number; body: unknown }[]>;
beforeEach(async () => {
  asked = [];
  bodies = new Map();
  states = ['on'];
  before = new Map();
  service = createServer((request, response) => {
    const call = `${request.method} ${request.url}`;
    asked.push(call);
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece)).on('end', () => {
      bodies.set(call, Buffer.concat(pieces));
      const first = before.get(call)?.shift();
      const asksState = call.endsWith('/state');
      const state = asksState && states.length > 1 ? states.shift() : states[0];
      const welcome = call === 'POST /v1/auth/login' || request.headers.authorization === 'Bearer session';
      const known = asksState || call in routes;
      const { status, body } = first ?? (!known ? { status: 404, body: { error: 'Not Found', errorID: 'NotFound' } } : !welcome ? { status: 403, body: { error: 'Forbidden', errorID: 'Forbidden' } }
        : { status: request.method === 'DELETE' ? 204 : 200, body: asksState ? state : routes[call] });
      response.writeHead(status, { 'content-type': 'application/json' }).end(body === undefined ? undefined : JSON.stringify(body));
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
  [{ deploy: { to: 'avh', images: { kernel: board.file('Image'), dtb: board.file('board.dtb'), rootfs: board.file('nand.img') }, ...more } }, { boot: { method: 'avh', bootargs: { normal: 'console=ttyS0' }, ...login } }], { job: { secrets } });

test('firmware is packed and uploaded, an instance runs it, and nothing is left of both', async () => {
  board = avhBoard();
  states = ['creating', 'on'];
  const done = await run();
  expect(done.messages('exception')).toEqual([]);
  expect(done.outcome).toEqual({ result: 'pass', poweredOff: true });
  expect(asked).toEqual([
    'POST /v1/auth/login', 'GET /v1/models', 'GET /v1/projects', 'POST /v1/images', 'POST /v1/instances', 'GET /v1/instances/instance1/state', 'GET /v1/instances/instance1/state', 'GET /v1/instances/instance1/console',
    'DELETE /v1/instances/instance1', 'DELETE /v2/images/image1',
  ]);
  expect(JSON.parse(bodies.get('POST /v1/instances')?.toString() ?? '')).toMatchObject({ project: 'p1', flavor: 'rpi4b', fwpackage: 'image1', bootOptions: { bootArgs: 'console=ttyS0' }, osbuild: board.id });
  const form = bodies.get('POST /v1/images') ?? Buffer.alloc(0);
  const zip = form.subarray(form.indexOf('PK'));
  writeFileSync(board.path('package.zip'), zip.subarray(0, zip.lastIndexOf('\r\n--')));
  expect(execFileSync('bsdtar', ['-tf', board.path('package.zip')], { encoding: 'utf8' }).split('\n').filter((name) => /\w/.test(name)).map((name) => name.replace('./', '')).sort()).toEqual(['Info.plist', 'devicetree', 'kernel', 'nand']);
  expect(board.tools.calls('docker').find((words) => words[1] === 'run')).toEqual(expect.arrayContaining(['ghcr.io/vi/websocat:v1.14.1', '-b', 'wss://console/1']));
  expect(actionsOf(done)).toEqual([
    'deploy-avh-retry', 'deploy-avh', 'download-retry', 'file-download', 'download-retry', 'file-download', 'download-retry', 'file-download', 'boot-avh', 'call-avh', 'connect-avh', 'auto-login-action', 'login-action', 'export-device-env',
    'finalize', 'power-off', 'read-feedback',
  ]);
  expect(JSON.stringify(done.records)).not.toContain('very-secret');
  expect(board.isOff).toBe(true);
});

test('an instance that fails is removed, and the service\'s reason is in the log', async () => {
  board = avhBoard();
  states = ['error'];
  const done = await run();
  expect(done.outcome).toMatchObject({ errorType: 'Infrastructure', errorCode: 'avh-instance', errorMessage: 'Instance entered error state', poweredOff: true });
  expect(done.messages('error').join()).toContain('no such kernel');
  expect(asked.slice(-2)).toEqual(['DELETE /v1/instances/instance1', 'DELETE /v2/images/image1']);
});

test('a service that is busy is asked again', async () => {
  board = avhBoard();
  before.set('GET /v1/models', [{ status: 503, body: 'busy' }]).set('DELETE /v2/images/image1', [{ status: 404, body: { error: 'Not Found' } }]);
  const done = await run();
  expect(done.outcome).toEqual({ result: 'pass', poweredOff: true });
  expect(asked.filter((call) => call === 'GET /v1/models')).toHaveLength(2);
  expect(done.messages('warning')).toEqual(['AVH answered 503: trying again']);
});

test('an instance whose number never came is looked for by its name, and removed', async () => {
  board = avhBoard();
  before.set('POST /v1/instances', [{ status: 500, body: { error: 'lost', errorID: 'Internal' } }]);
  const listed = routes['GET /v1/instances'] as { id: string; name: string }[];
  const found = { id: 'instance1', get name() { return (JSON.parse(bodies.get('POST /v1/instances')?.toString() ?? '{}') as { name: string }).name; } };
  listed.push(found);
  const { outcome } = await run();
  listed.pop();
  expect(outcome).toMatchObject({ errorType: 'Infrastructure', errorCode: 'avh-api', errorMessage: 'AVH refused POST /v1/instances with status 500: lost' });
  expect(asked.slice(-3)).toEqual(['GET /v1/instances', 'DELETE /v1/instances/instance1', 'DELETE /v2/images/image1']);
});

test('of a board with several consoles, Linux\'s is taken', async () => {
  board = avhBoard();
  const done = await run({ options: { model: 'kronos' } });
  expect(done.outcome.result).toBe('pass');
  expect(board.tools.calls('docker').find((words) => words[1] === 'run')?.at(-1)).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/console\/c1$/);
});

test('a token that the service does not know', async () => {
  board = avhBoard();
  before.set('POST /v1/auth/login', [{ status: 403, body: { error: 'Invalid token', errorID: 'Forbidden' } }]);
  expect((await run()).outcome).toMatchObject({ errorType: 'Job', errorCode: 'avh-token', errorMessage: 'AVH refused POST /v1/auth/login with status 403: Invalid token' });
});

test('a package that came ready gets the files of the tests', async () => {
  board = avhBoard();
  mkdirSync(board.path('package'));
  // A disk with one partition, from 1 MiB on.
  const table = Buffer.alloc(512);
  table.set([0x80, 0, 0, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 0x30, 0, 0], 446);
  table.set([0x55, 0xaa], 510);
  writeFileSync(board.path('package/nand'), Buffer.concat([table, Buffer.alloc((7 << 20) - 512)]));
  execFileSync('/usr/sbin/mke2fs', ['-q', '-F', '-t', 'ext4', '-E', 'offset=1048576', board.path('package/nand'), '6M']);
  writeFileSync(board.path('package/kernel'), 'kernel');
  execFileSync('bsdtar', ['--format=zip', '-c', '-f', board.path('ready.zip'), '-C', board.path('package'), '.']);
  const definitions = [{ from: 'inline', name: 'smoke', path: 'inline/smoke.yaml', repository: { metadata: { format: 'Lava-Test Test Definition 1.0', name: 'smoke' }, run: { steps: ['true'] } } }];
  const done = await board.run([
    { deploy: { to: 'avh', os: 'oe', fw_package: { url: `file://${board.path('ready.zip')}`, storage_file: 'nand', root_partition: 0 } } },
    { boot: { method: 'avh', ...login } }, { test: { definitions, timeout: { seconds: 5 } } },
  ], { job: { secrets: { avh_api_token: 'very-secret' } } });
  expect(actionsOf(done)).toContain('apply-overlay-avh');
  const form = bodies.get('POST /v1/images') ?? Buffer.alloc(0);
  const zip = form.subarray(form.indexOf('PK'));
  writeFileSync(board.path('package.zip'), zip.subarray(0, zip.lastIndexOf('\r\n--')));
  execFileSync('bsdtar', ['-x', '-f', board.path('package.zip'), '-C', board.path('package')]);
  expect(execFileSync('/usr/sbin/debugfs', ['-R', `ls -p /lava-${board.id}/bin`, `${board.path('package/nand')}?offset=1048576`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })).toContain('/lava-test-runner/');
  expect(JSON.parse(bodies.get('POST /v1/instances')?.toString() ?? '')).toMatchObject({ name: 'ready' });
});

test.each([
  ['a model', { model: 'toaster' }, 'avh-model', 'toaster is not a supported model! Supported AVH models are: rpi4b, kronos'], ['a project', { project_name: 'other' }, 'avh-project', "AVH project 'other' NOT found!"],
])('%s that there is none of', async (_, options, errorCode, errorMessage) => {
  board = avhBoard();
  expect((await run({ options })).outcome).toMatchObject({ errorType: 'Job', errorCode, errorMessage });
});

test('a job without the secret', async () => {
  board = avhBoard();
  expect((await run({}, {})).outcome).toMatchObject({ errorType: 'Job', errorCode: 'avh-token' });
  expect(asked).toEqual([]);
});
