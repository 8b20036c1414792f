import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runJob } from '@lava/dispatcher';
import type { LogRecord } from '@lava/job';
import { freePort, waitUntil } from '@lava/testbed';
import { Board, loadBoardScript, shippedBoard } from '@lava/testbed/board';
import { dumpYaml } from '@lava/yaml';

// A board as labs have it: its UART is a serial device of the machine (a pseudo-terminal of socat), served to the network
// by ser2net, and its power is switched by pdudaemon.

const folder = mkdtempSync(join(tmpdir(), 'lava-serial-'));
const tty = join(folder, 'tty');
const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`], { env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` } }).status === 0;
const missing = ['ser2net', 'socat', 'pdudaemon'].filter((program) => !has(program));

const children: ChildProcess[] = [];
const daemon = (program: string, ...args: string[]) => {
  const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` } });
  children.push(child);
  return child;
};
const listens = (port: number) => waitUntil(`port ${port}`, () => new Promise<boolean>((resolve) => {
  const probe = connect(port, '127.0.0.1');
  probe.on('connect', () => { probe.destroy(); resolve(true); }).on('error', () => resolve(false));
}), 20);

let board: Board;
let ports: { telnet: number; rfc2217: number; raw: number; pdu: number };

beforeAll(async () => {
  if (missing.length > 0) return;
  board = await Board.start({ ...loadBoardScript(await shippedBoard('linux')), serial: 'tcp' });
  const uart = /\d+$/.exec(board.commands.connect)![0];
  daemon('socat', `PTY,link=${tty},raw,echo=0`, `TCP:127.0.0.1:${uart}`);
  await waitUntil('the serial device', () => existsSync(tty), 10);
  ports = { telnet: await freePort(), rfc2217: await freePort(), raw: await freePort(), pdu: await freePort() };
  const served = (name: string, accepter: string) => `connection: &${name}\n  accepter: ${accepter}\n  timeout: 0\n  connector: serialdev,${tty},115200n81,local\n`;
  writeFileSync(join(folder, 'ser2net.yaml'), [
    '%YAML 1.1\n---', served('telnet', `telnet,tcp,127.0.0.1,${ports.telnet}`), served('speed', `telnet(rfc2217),tcp,127.0.0.1,${ports.rfc2217}`), served('raw', `tcp,127.0.0.1,${ports.raw}`),
  ].join('\n'));
  daemon('ser2net', '-n', '-u', '-c', join(folder, 'ser2net.yaml'));
  writeFileSync(join(folder, 'pdudaemon.conf'), JSON.stringify({
    daemon: { hostname: '127.0.0.1', port: ports.pdu, dbname: join(folder, 'pdudaemon.db'), logging_level: 'DEBUG', listener: 'http' },
    pdus: { lab: { driver: 'localcmdline', cmd_on: `${board.commands.power_on} %s`, cmd_off: `${board.commands.power_off} %s` } },
  }));
  daemon('pdudaemon', '--conf', join(folder, 'pdudaemon.conf'), '--logfile', join(folder, 'pdudaemon.log'), '--listener', 'http');
  await Promise.all(Object.values(ports).map(listens));
});

afterAll(async () => {
  for (const child of children) {
    const gone = child.exitCode !== null || child.signalCode !== null || new Promise((resolve) => child.once('exit', resolve));
    child.kill();
    await gone;
  }
  await (board as Board | undefined)?.close();
  rmSync(folder, { recursive: true, force: true });
});

const power = (command: string) => `${process.execPath} -e "fetch('http://127.0.0.1:${ports.pdu}/power/control/${command}?hostname=lab&port=1&delay=0').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"`;

async function bootOver(connectCommand: string) {
  const records: LogRecord[] = [];
  const switched = board.switched.length;
  const outcome = await runJob({
    id: '1', root: join(folder, 'root'), listener: (record) => records.push(record),
    device: dumpYaml({ ...board.device, commands: { connections: { uart0: { connect: connectCommand, tags: ['primary', 'telnet'] } }, hard_reset: power('reboot'), power_off: power('off') } }),
    definition: dumpYaml({
      job_name: 'serial', timeouts: { job: { seconds: 60 }, action: { seconds: 20 }, actions: { 'power-off': { seconds: 10 } } },
      actions: [
        // For a moment after a connection ser2net says that the device is still in use.
        { boot: { method: 'minimal', failure_retry: 3, prompts: ['root@board:'], auto_login: { login_prompt: 'login:', username: 'root' } } },
        { test: { interactive: [{ name: 'ask', prompts: ['root@board:~# '], script: [{ name: 'product', command: "printf '\\377%s' größe-$((6 * 7))", successes: [{ message: 'größe-42' }] }] }] } },
      ],
    }),
  });
  await waitUntil('the power to go off', () => !board.powered, 20);
  const texts = (level: string) => records.filter((r) => r.lvl === level).map((r) => String(r.msg));
  return { outcome, log: outcome.result === 'pass' ? '' : records.map((r) => JSON.stringify(r.msg)).join('\n'), target: texts('target'), warnings: texts('warning'), switched: board.switched.slice(switched).slice(-3) };
}

describe.skipIf(missing.length > 0)(`a job on a board behind ser2net and pdudaemon${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`, () => {
  const passed = { outcome: { result: 'pass', poweredOff: true }, log: '', switched: ['off', 'on', 'off'] };

  test('by Telnet, with the words of the program', async () => {
    const run = await bootOver(`telnet 127.0.0.1 ${ports.telnet}`);
    expect(run).toMatchObject(passed);
    expect(run.target.slice(0, 3)).toEqual(['Trying 127.0.0.1...', 'Connected to 127.0.0.1.', "Escape character is '^]'."]);
    expect(run.target).toContain('[    0.000000] Linux version 6.1.0 (testbed) #1 SMP');
  });

  test('by RFC 2217, which sets the speed', async () => {
    const run = await bootOver(`rfc2217://127.0.0.1:${ports.rfc2217}?baud=9600n8`);
    expect(run).toMatchObject(passed);
    const speed = spawnSync('stty', ['-F', tty], { encoding: 'utf8' }).stdout;
    expect({ speed: /speed (\d+)/.exec(speed)?.[1], told: run.warnings.filter((w) => w.includes('baud') || w.includes('2217')) }).toEqual({ speed: '9600', told: [] });
  });

  test('by raw TCP', async () => expect(await bootOver(`tcp://127.0.0.1:${ports.raw}`)).toMatchObject(passed));

  test('by a program', async () => expect(await bootOver(`socat - TCP:127.0.0.1:${ports.raw}`)).toMatchObject(passed));

  test('at the serial device itself', async () => expect(await bootOver(`serial://${tty}?baud=115200n8`)).toMatchObject(passed));
});
