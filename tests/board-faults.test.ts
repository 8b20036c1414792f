import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runJob } from '@lava/dispatcher';
import { processesWithEnvironment } from '../packages/dispatcher/src/process/process-tree.ts';
import type { LogRecord } from '@lava/job';
import { dumpYaml } from '@lava/yaml';
import { Board, type BoardScript, type Fault, loadBoardScript, parseFault, shippedBoard } from '@lava/testbed/board';

// Whatever goes wrong on a board, the job ends in the right class with the right reason, the board's power is off and
// nothing is left running. Boards, power switches and serial lines are those of the testbed: processes and sockets.

type Yaml = Readonly<Record<string, unknown>>;

const linux = loadBoardScript(await shippedBoard('linux'));
const ubootBoard = loadBoardScript(await shippedBoard('u-boot'));
const boot: Yaml = { boot: { method: 'minimal', prompts: ['root@board:'], auto_login: { login_prompt: 'login:', username: 'root' } } };
const asks = (command: string, more: Yaml = {}): Yaml => ({
  test: { timeout: { seconds: 3 }, interactive: [{ name: 'ask', prompts: ['root@board:~# '], script: [{ command, name: 'ask', ...more }] }] },
});

/** Waits that faults make vain are short; the power switch is a program, which a busy machine may take long to start. */
const actionTimeouts: Yaml = {
  'auto-login-action': { seconds: 4 }, 'login-action': { seconds: 3 }, 'bootloader-interrupt': { seconds: 3 }, 'bootloader-commands': { seconds: 3 }, 'download-retry': { seconds: 3 },
};

let jobs = 0;

async function jobOn(faults: readonly Fault[], actions: readonly Yaml[], more: { job?: Yaml; device?: Yaml; script?: BoardScript } = {}) {
  const id = `${process.pid}${jobs += 1}`;
  const board = await Board.start(more.script ?? linux, { faults });
  const root = mkdtempSync(join(tmpdir(), 'lava-fault-'));
  const records: LogRecord[] = [];
  try {
    const outcome = await runJob({
      id, root, listener: (record) => records.push(record), device: dumpYaml({ ...board.device, ...more.device, commands: { ...board.commands, ...(more.device?.['commands'] as Yaml | undefined) } }),
      definition: dumpYaml({
        job_name: 'fault', actions,
        timeouts: { job: { seconds: 60 }, action: { seconds: 30 }, connection: { seconds: 2 }, ...more.job, actions: { ...actionTimeouts, ...(more.job?.['actions'] as Yaml | undefined) } },
      }).replaceAll('http:///', `${files.url}/`),
    });
    return { outcome, left: processesWithEnvironment({ LAVA_JOB_ID: id }), powered: board.powered, connected: board.connected, switched: [...board.switched], texts: records.map((r) => String(r.msg)), records };
  } finally {
    await board.close();
    rmSync(root, { recursive: true, force: true });
  }
}

let files: { readonly url: string; readonly close: () => void };

/** A server with files as they are, and with all that servers do wrong. */
beforeAll(async () => {
  const server = createServer((request, response) => {
    const name = request.url?.slice(1) ?? '';
    if (request.method === 'HEAD' && ['half', 'silent'].includes(name)) response.end();
    else if (name === 'good') response.end('a file');
    else if (name === 'half') { response.writeHead(200, { 'content-length': 1 << 20 }); response.write('x'.repeat(1000), () => response.destroy()); }
    else if (name === 'silent') { response.writeHead(200, { 'content-length': 1 << 20 }); response.write('x'); }
    else response.writeHead(/^\d+$/.test(name) ? Number(name) : 404).end();
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  files = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => { server.closeAllConnections(); server.close(); } };
});
afterAll(() => files.close());

test('the board without a fault passes', async () => {
  const { outcome, powered, connected, switched, texts } = await jobOn([], [boot, asks('echo $((6 * 7))', { successes: [{ message: '42' }] })]);
  expect({ outcome, log: outcome.result === 'pass' ? '' : texts.join('\n') }).toEqual({ outcome: { result: 'pass', poweredOff: true }, log: '' });
  expect({ powered, connected, switched }).toEqual({ powered: false, connected: false, switched: ['cycle', 'off'] });
});

test('a job that has passed says so although the board stays on, and that it stays on', async () => {
  const { outcome, powered, connected, texts, records } = await jobOn([parseFault('pdu-fails@off')], [boot]);
  expect({ outcome, powered, connected }).toEqual({ outcome: { result: 'pass', poweredOff: false }, powered: true, connected: false });
  expect(records.map((r) => r.msg)).toContainEqual(expect.objectContaining({ case: 'power-off', result: 'fail', extra: { fail: expect.stringContaining('Unable to power-off: ') } }));
  expect(texts).toContain("Finalising connection for namespace 'common'");
});

interface Case {
  readonly name: string;
  readonly faults?: readonly string[];
  readonly actions?: readonly Yaml[];
  /** Its timeouts. */
  readonly job?: Yaml;
  readonly device?: Yaml;
  readonly script?: BoardScript;
  /** Class, reason code and a part of the error's text. */
  readonly ends: readonly [type: string, code: string, text?: string];
  /** The power switch is broken: the device stays on, and the outcome says so. */
  readonly staysOn?: true;
}

const prompts = ['root@board:'];
const device = (part: Yaml): Yaml => ({ ...linux.device, ...part });
const constants = (part: Yaml) => device({ constants: { ...(linux.device?.['constants'] as Yaml), ...part } });

const uboot = (commands: readonly string[]): Yaml => ({ boot: { ...(boot['boot'] as Yaml), method: 'u-boot', commands } });
/** U-Boot with another answer to a command. */
const answering = (match: string, print: string): BoardScript => ({
  ...ubootBoard, stages: ubootBoard.stages.map((stage) => (stage.name === 'u-boot' ? { ...stage, commands: [{ match, print }, ...(stage.commands ?? [])] } : stage)),
});
const withImages = device({ actions: { ...(linux.device?.['actions'] as Yaml), deploy: { methods: { image: { parameters: { guest: { size: 8 } } } } } } });
/** A deployment of one file; `http:///NAME` is at this machine's server. */
const deploy = (file: Yaml): Yaml => ({ deploy: { to: 'tmpfs', timeout: { seconds: 3 }, images: { disk: file } } });

const cases: readonly Case[] = [
  // The serial line.
  { name: 'the serial server is down', faults: ['refused'], ends: ['Infrastructure', 'serial-refused', 'Connection closed'] },
  { name: 'somebody else has the line', faults: ['busy'], ends: ['Infrastructure', 'serial-busy', 'Connection closed'] },
  { name: 'the line closes during boot', faults: ['close@kernel'], ends: ['Infrastructure', 'serial-closed', 'Connection closed'] },
  { name: 'the line closes before the login', faults: ['close@login'], ends: ['Infrastructure', 'serial-closed', 'Connection closed'] },
  { name: 'the line closes in the shell', faults: ['close@shell'], ends: ['Infrastructure', 'serial-closed', 'Connection closed'] },
  { name: 'the line has another speed', faults: ['garbage'], ends: ['Job', 'serial-garbage'] },
  { name: 'the speed changes with the kernel', faults: ['garbage@userspace'], ends: ['Job', 'serial-garbage'] },
  { name: 'the line is cut', faults: ['no-power'], ends: ['Job', 'serial-silent'] },
  { name: 'the line only listens', faults: ['deaf'], ends: ['Job', 'login-timeout'] },
  { name: 'the line loses what is typed', faults: ['lose-input@login=3'], ends: ['Job', 'login-failed', 'Login incorrect'] },
  { name: 'the line loses every second character', faults: ['lose-output=2'], ends: ['Job', 'kernel-not-started'] },
  { name: 'the line loses characters of prompts', faults: ['lose-output@login=3'], ends: ['Job', 'login-timeout'] },

  // The power.
  { name: 'the power switch does not answer', faults: ['pdu-hangs@cycle'], job: { actions: { 'pdu-reboot': { seconds: 2 } } }, ends: ['Infrastructure', 'power-timeout', 'pdu-reboot timed out after 2 seconds'] },
  { name: 'the power switch refuses', faults: ['pdu-fails@cycle'], ends: ['Infrastructure', 'power-failed', 'Unable to reboot: '] },
  { name: 'the power switch lies', faults: ['pdu-ignores@cycle'], ends: ['Job', 'serial-silent'] },
  { name: 'there is no program to switch the power', device: { commands: { hard_reset: 'no-such-pdu-client' } }, ends: ['Infrastructure', 'power-failed', "Unable to reboot: 'no-such-pdu-client' failed"] },
  { name: 'the power command is nonsense', device: { commands: { hard_reset: "'unfinished" } }, ends: ['Configuration', 'command-quoting', 'No closing quotation'] },
  { name: 'the power does not go off', faults: ['pdu-fails@off', 'panic@userspace'], ends: ['Job', 'kernel-panic'], staysOn: true },
  { name: 'the power switch does not answer in the end', faults: ['pdu-hangs@off', 'panic@userspace'], job: { actions: { 'power-off': { seconds: 2 } } }, ends: ['Job', 'kernel-panic'], staysOn: true },

  // The boot.
  { name: 'the firmware hangs', faults: ['hang@firmware'], ends: ['Job', 'serial-silent'] },
  { name: 'the kernel does not start', faults: ['hang@kernel'], ends: ['Job', 'kernel-not-started'] },
  { name: 'the kernel hangs', faults: ['hang@userspace'], ends: ['Job', 'login-timeout'] },
  { name: 'there is no login', faults: ['hang@login'], ends: ['Job', 'login-timeout'] },
  { name: 'the login hangs', faults: ['hang@shell'], ends: ['Job', 'login-timeout'] },
  { name: 'the kernel panics', faults: ['panic@userspace'], ends: ['Job', 'kernel-panic', 'Kernel panic - not syncing'] },
  { name: 'the kernel panics before it says its name', faults: ['panic@kernel'], ends: ['Job', 'kernel-not-started'] },
  { name: 'the board boots over and over', faults: ['reboot@login'], ends: ['Job', 'login-timeout'] },
  { name: 'the firmware comes again', faults: ['message@userspace=U-Boot SPL 2023.01'], ends: ['Job', 'device-reset', 'U-Boot SPL 2023'] },
  { name: 'the kernel never stops talking', faults: ['flood@userspace'], ends: ['Job', 'login-timeout'] },
  { name: "the job's own message of failure comes", faults: ['message@userspace=cannot mount'],
    actions: [{ boot: { ...(boot['boot'] as Yaml), failure_message: 'cannot mount' } }], ends: ['Job', 'failure-message'] },
  { name: 'the login is refused', actions: [{ boot: { method: 'minimal', prompts, auto_login: { login_prompt: 'login:', username: 'nobody' } } }], ends: ['Job', 'login-failed', 'Login incorrect'] },
  { name: 'a password is asked for in vain', ends: ['Job', 'login-timeout'],
    actions: [{ boot: { method: 'minimal', prompts: ['never-this:'], auto_login: { login_prompt: 'login:', username: 'root', password_prompt: 'Password:', password: 'x' } } }] },
  { name: 'the prompt never comes', actions: [{ boot: { method: 'minimal', prompts: ['other@board:'], auto_login: { login_prompt: 'login:', username: 'root' } } }], ends: ['Job', 'login-timeout'] },
  { name: 'the job is over before the boot', faults: ['hang@login'], job: { job: { seconds: 6 }, actions: { 'login-action': { seconds: 20 }, 'auto-login-action': { seconds: 20 } } }, ends: ['Job', 'login-timeout'] },

  // The bootloader.
  ...([
    { name: 'U-Boot does not stop', faults: ['deaf@autoboot', 'hang@local-kernel'], ends: ['Infrastructure', 'bootloader-timeout'] },
    { name: 'U-Boot never counts down', faults: ['hang@autoboot'], ends: ['Infrastructure', 'bootloader-no-prompt'] },
    { name: 'U-Boot hangs at its prompt', faults: ['hang@u-boot'], ends: ['Infrastructure', 'bootloader-timeout'] },
    { name: 'U-Boot loses what is typed', faults: ['lose-input@u-boot=2'], ends: ['Infrastructure', 'bootloader-timeout'] },
    { name: 'U-Boot says garbage', faults: ['garbage'], ends: ['Infrastructure', 'serial-garbage'] },
    { name: 'the board has no power when U-Boot should come', faults: ['no-power'], ends: ['Infrastructure', 'serial-silent'] },
    { name: 'U-Boot finds no file', actions: [uboot(['tftp 0x40400000 missing', 'booti 0x40400000 - 0x43000000'])],
      script: answering('tftp .*', "TFTP error: 'File not found' (1)\n"), ends: ['Infrastructure', 'bootloader-error', 'matched a bootloader error message'] },
    { name: 'U-Boot gets no image', actions: [uboot(['booti 0x40400000 - 0x43000000'])],
      script: answering('booti .*', 'Bad Linux ARM64 Image magic!\n'), ends: ['Infrastructure', 'bootloader-error', 'Bad Linux ARM64 Image magic!'] },
    { name: 'U-Boot loses the line', faults: ['close@u-boot'], ends: ['Infrastructure', 'serial-closed', 'Connection closed'] },
    { name: 'the kernel of U-Boot does not start', faults: ['hang@linux'], ends: ['Job', 'kernel-not-started'] },
    { name: 'the kernel of U-Boot resets the board', faults: ['reboot@login'], ends: ['Job', 'device-reset'] },
  ] satisfies Case[]).map((one): Case => ({ script: ubootBoard, actions: [uboot(['dhcp', 'booti 0x40400000 - 0x43000000'])], ...one })),

  // The deployment.
  { name: 'a file is not on its server', actions: [deploy({ url: 'http:///none' })], ends: ['Job', 'download-404', 'Resource unavailable at'] },
  { name: 'the server of a file is broken', actions: [deploy({ url: 'http:///501' })], ends: ['Job', 'download-501'] },
  { name: 'the server wants a password', actions: [deploy({ url: 'http:///403' })], ends: ['Job', 'download-403'] },
  { name: 'the server hangs up in the middle', actions: [deploy({ url: 'http:///half' })], ends: ['Infrastructure', 'download-size'] },
  { name: 'the server falls silent', actions: [deploy({ url: 'http:///silent' })], ends: ['Infrastructure', 'download-timeout'] },
  { name: 'nobody serves the file', actions: [deploy({ url: 'http://127.0.0.1:9/file' })], ends: ['Job', 'download-connection', 'Unable to get'] },
  { name: 'the file is another', actions: [deploy({ url: 'http:///good', sha256sum: '0'.repeat(64) })], ends: ['Job', 'download-checksum'] },
  { name: 'the file is not compressed', actions: [deploy({ url: 'http:///good', compression: 'xz' })], ends: ['Job', 'decompression'] },
  { name: 'the compression is unknown', actions: [deploy({ url: 'http:///good', compression: 'rar' })], ends: ['Job', 'invalid-job'] },
  { name: 'the file of the worker is missing', actions: [deploy({ url: 'file:///no/such/file' })], ends: ['Job', 'download-404', 'does not exist or is not readable'] },
  { name: 'the URL has an unknown scheme', actions: [deploy({ url: 'gopher://host/file' })], ends: ['Job', 'url-scheme'] },
  { name: 'a test comes from nowhere', ends: ['Job', 'definition-from'],
    actions: [deploy({ url: 'http:///good' }), boot, { test: { definitions: [{ from: 'bzr', name: 'a', path: 'a.yaml', repository: 'lp:a' }] } }] },

  // The test.
  { name: 'a command fails', actions: [boot, asks("echo bro''ken", { failures: [{ message: 'broken', exception: 'JobError', error: 'that was wrong' }] })], ends: ['Job', 'interactive-failure'] },
  { name: 'a command breaks the board', actions: [boot, asks("echo bro''ken", { failures: [{ message: 'broken', exception: 'InfrastructureError', error: 'that was wrong' }] })], ends: ['Infrastructure', 'interactive-failure'] },
  { name: 'a command never ends', actions: [boot, asks('sleep 60')], ends: ['Test', 'test-timeout'] },
  { name: 'no marker of the test ever comes', actions: [boot, { test: { timeout: { seconds: 2 }, monitors: [{ name: 'm', start: 'never', end: 'never', pattern: 'never' }] } }], ends: ['Test', 'test-timeout'] },
  { name: 'nobody has booted the board', actions: [asks('true')], ends: ['Job', 'no-connection', 'No connection to the DUT'] },

  // The configuration.
  { name: 'the connect command is not installed', device: { commands: { connect: 'no-such-conmux board' } }, ends: ['Infrastructure', 'program-missing', "Cannot find command 'no-such-conmux' in $PATH"] },
  { name: 'the connect command ends at once', device: { commands: { connect: 'sh -c "echo Connection refused"' } }, ends: ['Infrastructure', 'serial-refused', 'Connection closed'] },
  { name: 'the address of the serial line is none', device: { commands: { connect: 'tcp://127.0.0.1' } }, ends: ['Configuration', 'connection-address'] },
  { name: 'the host of the serial line is unknown', device: { commands: { connect: 'telnet no-such-host.invalid 7001' } }, ends: ['Infrastructure', 'serial-unreachable', 'Connection closed'] },
  { name: 'the serial device is gone', device: { commands: { connect: '/dev/ttyNONE 115200' } }, ends: ['Infrastructure', 'serial-missing', 'Connection closed'] },
  { name: 'a constant is missing', device: device({ constants: { failure_retry: 1, boot_retry: 1 } }), ends: ['Configuration', 'constant-missing'] },
  { name: 'a pattern of the device is broken', device: constants({ 'kernel-start-message': 'Linux (' }), ends: ['Job', 'invalid-pattern'] },
  { name: 'a user command is unknown', actions: [boot, { command: { name: 'no_such' } }], ends: ['Job', 'invalid-job'] },
  { name: 'a user command fails', actions: [boot, { command: { name: 'relay' } }], device: { commands: { users: { relay: { do: 'false' } } } }, ends: ['Infrastructure', 'power-failed', "Unable to run: ['false']"] },
  { name: 'a user command hangs', actions: [boot, { command: { name: 'relay', timeout: { seconds: 1 } } }], device: { commands: { users: { relay: { do: 'sleep 60' } } } }, ends: ['Infrastructure', 'power-timeout'] },
];

describe('faults', () => {
  test.concurrent.each(cases)('$name', async ({ faults = [], actions = [boot], job, script, ends, staysOn, ...more }) => {
    const part = more.device ?? (actions.some((a) => 'deploy' in a) ? withImages : undefined);
    const { outcome, left, powered, connected, texts } = await jobOn(faults.map(parseFault), actions, { ...(job && { job }), ...(script && { script }), ...(part && { device: part }) });
    const [type, code, text = ''] = ends;
    const told = { type: outcome.errorType, code: outcome.errorCode };
    expect({ ...told, log: told.type === type && told.code === code ? '' : texts.slice(-25).join('\n') }).toEqual({ type, code, log: '' });
    expect(outcome.errorMessage).toContain(text);
    expect(left).toEqual([]);
    expect({ powered, connected, poweredOff: outcome.poweredOff }).toEqual({ powered: staysOn === true, connected: false, poweredOff: staysOn !== true });
  });
});
