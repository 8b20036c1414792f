import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogRecord, Mapping } from '@lava/job';
import { SshServer } from '@lava/testbed';
import { runTestAction, testAction } from '../testing/test-action.ts';
import { Transfer } from './transfer.ts';

// Files that programs of the worker fetch: from a real OpenSSH server, and with the real rclone.

const folder = mkdtempSync(join(tmpdir(), 'lava-remote-'));
const content = randomBytes(2 << 20);
const image = join(folder, "it's an image.bin");
writeFileSync(image, content);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Fetches as the action does. */
async function fetch(url: string, { secrets, ...context }: { secrets?: Mapping; dispatcher?: Mapping; environment?: Record<string, string> } = {}) {
  const records: LogRecord[] = [];
  const file = join(folder, 'target');
  rmSync(file, { force: true });
  const transfer = new Transfer({ label: 'image', block: { url } });
  const a = testAction(folder, {
    records, context: { ...context, ...(secrets && { definition: { secrets } }) },
    spec: { name: 'download', summary: 'download', validate: (action) => transfer.validate(action), run: async (action) => { await transfer.run(action, file); } },
  });
  await a.spec.validate?.(a);
  const problems = [...a.errors];
  const failure = problems.length > 0 ? undefined : await runTestAction(a).then(() => undefined, (error: unknown) => error);
  return { problems, failure, results: a.results, same: existsSync(file) && readFileSync(file).equals(content) };
}

const noSshd = process.getuid?.() === 0 && existsSync('/usr/sbin/sshd') ? undefined : 'needs root and openssh-server';
describe.skipIf(noSshd !== undefined)(`scp${noSshd === undefined ? '' : ` (skipped: ${noSshd})`}`, () => {
  let server: SshServer;
  let environment: Record<string, string>;
  beforeAll(async () => {
    server = await SshServer.start();
    // What a worker's user has in its own configuration.
    writeFileSync(join(folder, 'ssh_config'), `Host *\n  IdentityFile ${server.key}\n  UserKnownHostsFile /dev/null\n  StrictHostKeyChecking no\n  LogLevel ERROR\nHost files\n  HostName 127.0.0.1\n  Port ${server.port}\n  User root\n`);
    writeFileSync(join(folder, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${folder}/ssh_config "$@"\n`);
    chmodSync(join(folder, 'ssh'), 0o755);
    environment = { PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` };
  });
  afterAll(() => server.end());

  test('a file comes from a host that the configuration of ssh knows, or by user and port', async () => {
    for (const host of ['files', `root@127.0.0.1:${server.port}`]) {
      expect(await fetch(`scp://${host}${image}`, { environment })).toMatchObject({ problems: [], failure: undefined, same: true, results: { label: 'image', size: content.length } });
    }
  });

  test('one that is not there, and a host that does not answer, are told before the job starts', async () => {
    const missing = `scp://files${folder}/nothing`;
    expect((await fetch(missing, { environment })).problems).toEqual([expect.stringMatching(/^Resource unavailable at 'scp:\/\/files\S+nothing': stat: .*No such file/)]);
    expect((await fetch(`scp://127.0.0.1:1${image}`, { environment })).problems).toEqual([expect.stringContaining('Connection refused')]);
    expect((await fetch(`scp://files${image}`, { environment: { PATH: join(folder, 'nowhere') } })).problems).toEqual([expect.stringContaining("Cannot find command 'ssh'")]);
  });

  test('a file that cannot be read to its end is the job\'s fault, with the words of the other side', async () => {
    expect(await fetch(`scp://files${folder}`, { environment })).toMatchObject({ failure: { type: 'Job', code: 'download-program', message: expect.stringContaining('Is a directory') } });
  });

  test('no address is an option for ssh, or a command', async () => {
    for (const url of ['scp://-oProxyCommand=touch/x', 'scp://-oProxyCommand=touch@files/x', 'scp://files']) await expect(fetch(url, { environment })).rejects.toMatchObject({ type: 'Job', code: 'download-url' });
    expect((await fetch(`scp://files/;touch ${folder}/hacked;`, { environment })).problems).toHaveLength(1);
    expect(existsSync(join(folder, 'hacked'))).toBe(false);
  });
});

const noRclone = spawnSync('rclone', ['version']).status === 0 ? undefined : 'rclone is not installed';
describe.skipIf(noRclone !== undefined)(`rclone${noRclone === undefined ? '' : ` (skipped: ${noRclone})`}`, () => {
  const config = '[files]\ntype = local\n';
  const url = `rclone://files${image}`;

  test('the remote is described by variables, by a text of the job, or by a file of the worker', async () => {
    const file = join(folder, 'rclone.conf');
    writeFileSync(file, config);
    expect(execFileSync('rclone', ['--config', file, 'listremotes'], { encoding: 'utf8' })).toBe('files:\n');
    for (const options of [{ secrets: { rclone_env: { RCLONE_CONFIG_FILES_TYPE: 'local' } } }, { secrets: { rclone_config: config } }, { dispatcher: { rclone_config: file } }]) {
      expect(await fetch(`rclone://files/${image}`, options)).toMatchObject({ problems: [], failure: undefined, same: true, results: { size: content.length } });
    }
    expect(readdirSync(join(folder, 'scratch')).length).toBeGreaterThan(0);
  });

  test('what is not there is told before the job starts', async () => {
    expect((await fetch(`${url}.nothing`, { secrets: { rclone_config: config } })).problems).toEqual([expect.stringContaining('Resource unavailable at')]);
    expect((await fetch(`rclone://other${image}`, { secrets: { rclone_config: config } })).problems).toEqual([expect.stringContaining("didn't find section in config file")]);
    expect((await fetch(url, { dispatcher: { rclone_path: '/nowhere/rclone' } })).problems).toEqual([expect.stringContaining("Cannot find command '/nowhere/rclone'")]);
  });

  test('no job makes the worker run a program', async () => {
    for (const name of ['LD_PRELOAD', 'RCLONE_PASSWORD_COMMAND']) {
      await expect(fetch(url, { secrets: { rclone_env: { [name]: 'x' } } })).rejects.toMatchObject({ code: 'rclone-variables' });
    }
    for (const bad of ['rclone://:local:/etc/passwd', 'rclone://--config=x/y', 'rclone://files']) await expect(fetch(bad)).rejects.toMatchObject({ code: 'download-url' });
  });
});
