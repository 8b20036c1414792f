import { spawnSync, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort, SshServer, waitUntil } from '@lava/testbed';
import { TestGroup } from '../../packages/dispatcher/src/testing/test-group.ts';
import { Containers } from './support/containers.ts';
import { runOn, steps } from './support/run-on.ts';

// Systems that run already and are reached over ssh: by OpenSSH's server on this machine, and by one that a test starts.

const folder = mkdtempSync(join(tmpdir(), 'lava-ssh-'));
const missing = process.getuid?.() !== 0 ? 'not root' : undefined;
let server: SshServer;
beforeAll(async () => { if (missing === undefined) server = await SshServer.start(); });
afterAll(async () => {
  if (missing === undefined) await server.end();
  rmSync(folder, { recursive: true, force: true });
});

const device = () => `{% extends 'ssh.jinja2' %}
{% set ssh_host = '127.0.0.1' %}
{% set ssh_port = ${server.port} %}
{% set ssh_identity_file = '${server.key}' %}
`;
const job = { context: { lava_test_results_dir: `${folder}/lava-%s` } };
const prompts = ['[^ ]+[#$] '];
const login = { method: 'ssh', connection: 'ssh', prompts };

describe.skipIf(missing !== undefined)(`over ssh${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  test('the device of the job: files are copied, tests run', async () => {
    writeFileSync(join(folder, 'firmware.bin'), 'firm');
    const { outcome, cases, texts } = await runOn(folder, device(), [
      { deploy: { to: 'ssh', os: 'debian', firmware: { url: `file://${folder}/firmware.bin` } } },
      { boot: login },
      { test: { definitions: [steps('there', 'lava-test-case session --shell test -n "$SSH_CONNECTION"', `lava-test-case copied --shell test "$(cat ${folder}/lava-4212/firmware.bin)" = firm`, 'lava-test-case locale --shell test "$LC_ALL" = C.UTF-8')] } },
    ], { job });
    expect(outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(cases).toEqual(['0_there/session pass', '0_there/copied pass', '0_there/locale pass']);
    const options = '-o Compression=yes -o PasswordAuthentication=no -o LogLevel=FATAL';
    const anyHost = '-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no';
    expect(texts('info')).toContain(`[common] ssh-connection Connecting to device using 'ssh ${options} ${anyHost} -i ${server.key} -p ${server.port} root@127.0.0.1'`);
    expect(texts('input')).toContain(`tar --warning no-timestamp -C / -xzf ${folder}/lava-4212/overlay-1.1.4.tar.gz ; printf "<LAVA_SIGNAL_RETRUNCODE $?>\\n"\n`);
    expect(texts('input').at(-1)).toBe('logout\n');
  });

  test('what is wrong is told in time', async () => {
    const run = async (dictionary: string, actions?: object[]) => (await runOn(folder, dictionary, actions ?? [
      { deploy: { to: 'ssh', os: 'debian' } }, { boot: login }, { test: { definitions: [steps('never', 'true')] } },
    ], { job })).outcome;
    expect(await run(device(), [{ deploy: { to: 'ssh', os: 'debian' } }])).toMatchObject({ errorType: 'Job', errorMessage: expect.stringContaining('Scp overlay needs a test action.') as string });
    expect(await run(device().replace(server.key, '/nowhere/key'))).toMatchObject({ errorType: 'Infrastructure', errorCode: 'ssh-key', errorMessage: 'Cannot find SSH private key /nowhere/key' });
    expect(await run(device().replace('127.0.0.1', ''))).toMatchObject({ errorType: 'Job', errorMessage: expect.stringContaining('Invalid device or job configuration, missing host.') as string });
    expect(await run(device().replace(String(server.port), '1'))).toMatchObject({ errorType: 'Infrastructure', errorMessage: 'Unable to sign in to 127.0.0.1 over ssh' });
  });

  test('a hacking session: the job leaves a shell to a person, until that ends it', async () => {
    const ready = join(folder, 'ready');
    const running = runOn(folder, device(), [
      { deploy: { to: 'ssh', os: 'debian' } },
      { boot: login },
      { test: { timeout: { minutes: 1 }, definitions: [steps('hacksession', `echo $$ > ${ready}`, `while ! test -e ${folder}/stop_hacking; do sleep 0.1; done`, 'lava-test-case hacked --result pass')] } },
    ], { job });
    await waitUntil('the session', () => readdirSync(folder).includes('ready'));
    execFileSync('ssh', ['-o', 'UserKnownHostsFile=/dev/null', '-o', 'StrictHostKeyChecking=no', '-o', 'LogLevel=FATAL', '-i', server.key, '-p', String(server.port), 'root@127.0.0.1', `kill -0 $(cat ${ready}) && touch ${folder}/stop_hacking`]);
    const { outcome, cases } = await running;
    expect(outcome.result).toBe('pass');
    expect(cases).toEqual(['0_hacksession/hacked pass']);
  });
});

const noContainers = Containers.missing();
describe.skipIf(noContainers !== undefined)(`in a group${noContainers === undefined ? '' : ` (skipped: ${noContainers})`}`, () => {
  test('a guest signs in to the host that tells its address, with the key of the group', async () => {
    const containers = new Containers();
    try {
      const guestPort = await freePort();
      const group = new TestGroup();
      const definition = (role: string, sub: number, more: object = {}) => ({
        protocols: { 'lava-multinode': { target_group: 'f5ae-1', role, group_size: 2, sub_id: sub, roles: { 101: 'host', 102: 'guest' }, timeout: { seconds: 60 }, ...more } },
      });
      const host = runOn(join(folder, 'host'), "{% extends 'docker.jinja2' %}\n{% set docker_extra_arguments = ['--stop-signal=KILL', '--network=host'] %}\n", [
        { deploy: { to: 'docker', os: 'debian', authorize: 'ssh', image: { name: containers.image, local: true } } },
        { boot: { method: 'docker', command: 'bash --norc', prompts: ['bash-[0-9.]+#'] } },
        { test: { definitions: [steps('serve',
          'mkdir -p -m 700 /root/.ssh', 'cp /lava-101/lava.pub /root/.ssh/authorized_keys', 'chmod 600 /root/.ssh/authorized_keys',
          `dropbear -R -s -p 127.0.0.1:${guestPort}`, 'touch /tmp/i-am-the-host', 'lava-send ipv4 ipaddr=127.0.0.1', 'lava-send lava_start', 'lava-sync done')] } },
      ], { id: '101', group: group.line('101'), job: definition('host', 0) });
      const guest = runOn(join(folder, 'guest'), `{% extends 'ssh.jinja2' %}\n{% set ssh_port = ${guestPort} %}\n`, [
        { deploy: { to: 'ssh', os: 'oe', protocols: { 'lava-multinode': [{ action: 'prepare-scp-overlay', request: 'lava-wait', messageID: 'ipv4', message: { ipaddr: '$ipaddr' } }] } } },
        { boot: { method: 'ssh', connection: 'ssh', prompts: ['[#$] '], parameters: { hostID: 'ipv4', host_key: 'ipaddr' } } },
        { test: { definitions: [steps('look', 'lava-test-case host --shell test -e /tmp/i-am-the-host', 'lava-sync done')] } },
      ], { id: '102', group: group.line('102'), job: definition('guest', 1, { request: 'lava-start', expect_role: 'host' }) });
      const runs = await Promise.all([host, guest]);
      expect(runs.map(({ outcome }) => outcome)).toEqual([{ result: 'pass', poweredOff: true }, { result: 'pass', poweredOff: true }]);
      expect(runs[1]?.cases).toContain('0_look/host pass');
      expect(containers.names()).toEqual([]);
    } finally {
      containers.remove();
    }
  });
});

const noSchroot = missing ?? (spawnSync('schroot', ['--version']).status === 0 ? undefined : 'schroot is not installed');
describe.skipIf(noSchroot !== undefined)(`in a schroot${noSchroot === undefined ? '' : ` (skipped: ${noSchroot})`}`, () => {
  test('tests run in the root that the session enters', async () => {
    // schroot reads its list of roots from one place only.
    const list = `/etc/schroot/chroot.d/lava-${process.pid}`;
    const root = join(folder, 'changed-root');
    const name = `lava-${process.pid}`;
    for (const part of ['bin', 'dev', 'etc', 'proc', 'root', 'tmp']) mkdirSync(join(root, part), { recursive: true });
    const shell = "#!/bin/busybox sh\nexport PS1='(" + name + ")# '\nexec /bin/busybox sh -i\n";
    execFileSync('sh', ['-c', 'cp /bin/busybox "$1/bin/" && for a in sh cat echo test tty; do ln -s busybox "$1/bin/$a"; done && cp /etc/passwd /etc/group "$1/etc/"', 'sh', root]);
    writeFileSync(join(root, 'bin/bash'), shell, { mode: 0o755 });
    writeFileSync(join(root, 'etc/inside'), 'inside\n');
    writeFileSync(list, `[${name}]\ntype=plain\ndirectory=${root}\nusers=root\nroot-users=root\n`);
    try {
      const { outcome, cases } = await runOn(folder, `${device()}{% set schroot = 'schroot -d /' %}\n{% set schroot_name_list = ['${name}'] %}\n`, [
        { deploy: { to: 'ssh', os: 'debian' } },
        { boot: login },
        { test: { definitions: [steps('before', `lava-test-case outside --shell test ! -e /etc/inside`)] } },
        { boot: { method: 'schroot', connection: 'ssh', schroot: name, prompts } },
        { test: { timeout: { seconds: 30 }, interactive: [{ name: 'look', prompts: [`\\(${name}\\)# `], script: [{ name: 'inside', command: 'cat /etc/inside', successes: [{ message: '\ninside' }] }] }] } },
      ], { job });
      expect(outcome).toEqual({ result: 'pass', poweredOff: true });
      expect(cases).toEqual(['0_before/outside pass', '1_look/inside pass']);
    } finally {
      rmSync(list, { force: true });
    }
  });
});
