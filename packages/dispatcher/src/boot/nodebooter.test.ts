import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dumpYaml } from '@lava/yaml';
import { friendlyBoard, login as toShell } from '../testing/fake-board.ts';
import { actionsOf, FlashBoard } from '../testing/flash-board.ts';

// A nodebooter that is played over HTTP, with a played `docker`.

const { method: _method, ...login } = toShell;
let api: Server;
let board: FlashBoard;
let told: string[];
let status: number;
beforeEach(async () => {
  told = [];
  status = 201;
  api = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => { body += piece.toString(); }).on('end', () => {
      if (request.method === 'POST') told.push(body);
      response.writeHead(request.method === 'POST' ? status : 200).end();
    });
  });
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');
});
afterEach(() => {
  api.close();
  board.remove();
});

const machine = (environment: object) => new FlashBoard(friendlyBoard, { tools: ['docker'], boot: { nodebooter: null }, device: { environment } });
const run = () => board.run([
  { deploy: { to: 'tmpfs', images: { boot: board.file('boot.img'), nic0: board.file('nic.img') } } }, { boot: { method: 'nodebooter', docker: { image: 'example/nodebooter:1', local: true }, ...login } },
], { dispatcher: dumpYaml({ nodebooter_home: board.path('home'), nodebooter_url: `http://127.0.0.1:${(api.address() as AddressInfo).port}/machines/` }) });
const environment = { DUT_MAC: '02:00:00:00:00:01', DUT_IFACE: 'eth7', NIC0_MAC: '02:00:00:00:00:02' };

test('the container is told of the machine and its images before the machine starts', async () => {
  board = machine(environment);
  const done = await run();
  expect(done.messages('exception')).toEqual([]);
  expect(done.outcome).toEqual({ result: 'pass', poweredOff: true });
  const started = board.tools.calls('docker').find((words) => words[1] === 'run');
  expect(started).toEqual(expect.arrayContaining([`--volume=${board.path('home/tftpboot')}:/var/lib/tftpboot`, '--privileged', '--network=host', '--name=nodebooter']));
  expect(started?.slice(-2)).toEqual(['example/nodebooter:1', '/usr/sbin/init']);
  expect(board.tools.calls('docker').filter((words) => words[1] === 'exec').map((words) => words.at(-1))).toEqual(['setup_networks', 'naas', 'nodebooter']);
  expect(board.tools.calls('docker').at(-1)).toEqual(['docker', 'rm', '--force', 'nodebooter']);
  expect(readFileSync(board.path('home/custom_configs/config'), 'utf8')).toBe('DUT_IFACE=eth7\nIPV4_ADDR=192.168.1.1/24\nIPV6_ADDR=2001:db8:1::/56\n');
  const { machine_model_data: model, boot_info: boots } = JSON.parse(told[0] ?? '{}') as { machine_model_data: { node_entities: { entities: object } }; boot_info: object[] };
  expect(Object.keys(model.node_entities.entities)).toEqual(['host-compute-node', 'nic_control_node0']);
  expect(JSON.stringify(model)).toContain('02:00:00:00:00:02');
  expect(boots).toEqual(['boot', 'nic'].map((name) => expect.objectContaining({ boot_file: expect.stringMatching(new RegExp(`^/home/lava/downloads/${board.id}/deployimages-\\w+/\\w+/${name}\\.img$`)) })));
  expect(actionsOf(done)).toEqual([
    'deployimages', 'download-retry', 'file-download', 'download-retry', 'file-download', 'boot-nodebooter', 'run-nodebooter-container', 'configure-nodebooter', 'connect-device', 'reset-device', 'pdu-reboot',
    'auto-login-action', 'login-action', 'finalize', 'power-off', 'read-feedback',
  ]);
  expect(board.isOff).toBe(true);
});

test('one that refuses', async () => {
  board = machine(environment);
  status = 500;
  expect((await run()).outcome).toMatchObject({ errorType: 'Infrastructure', errorCode: 'nodebooter-api', poweredOff: true });
});

test('addresses that the device configuration lacks', async () => {
  board = machine({});
  const { outcome } = await run();
  for (const key of ['DUT_MAC', 'DUT_IFACE']) expect(outcome.errorMessage).toContain(`${key} is not in the 'environment'`);
  expect(existsSync(board.path('home'))).toBe(false);
});
