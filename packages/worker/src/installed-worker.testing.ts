import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FakeServer, waitUntil } from '@lava/testbed';
import { expect } from 'vitest';

const device = `
hostname: local
commands: {connect: sh -i, hard_reset: 'true', power_off: 'true'}
constants: {failure_retry: 1, boot_retry: 1, deploy_retry: 1, shutdown-message: x, kernel-start-message: '', default-shell-prompt: '# '}
timeouts: {actions: {}, connections: {}}
actions:
  deploy: {methods: {}}
  boot: {methods: {minimal: {}}, connections: {serial: null}}
`;
const definition = `
job_name: a shell as the device
device_type: local
priority: medium
visibility: public
timeouts: {job: {minutes: 2}, action: {minutes: 1}, connection: {minutes: 1}}
actions:
- boot: {method: minimal, prompts: ['# ']}
- test:
    interactive:
    - {name: hello, prompts: ['# '], script: [{command: echo alone, name: one}]}
`;

/** Starts an installed worker with a certificate of its own, and runs a job on it. `bin` says where its programs are; `folder` is empty. */
export async function runJobOnInstalledWorker({ bin, folder, env }: { bin: (name: string) => string; folder: string; env: NodeJS.ProcessEnv }): Promise<void> {
  const root = join(folder, 'root');
  const certificates = join(root, 'etc/lava-dispatcher/certificates.d');
  const admitted = join(folder, 'server');
  execFileSync(bin('create_certificate'), ['--directory', admitted, 'master'], { env });
  execFileSync(bin('create_certificate'), ['--root', root, 'packed'], { env });
  copyFileSync(join(admitted, 'master.key'), join(certificates, 'master.key'));
  copyFileSync(join(certificates, 'packed.key'), join(admitted, 'packed.key'));
  mkdirSync(join(folder, 'stored'));
  const server = await FakeServer.open({ folder: join(folder, 'stored'), encryption: { certificate: join(admitted, 'master.key_secret'), directory: admitted } });
  const { control, log } = server.endpoint.addresses;
  writeFileSync(join(root, 'etc/lava-dispatcher/lava-slave'), `# Settings as LAVA's own\nMASTER_URL="${control}"\nLOGGER_URL="${log}"\nHOSTNAME="--hostname packed"\nLOGLEVEL=DEBUG\n`);
  const worker = spawn(bin('lava-slave'), ['--root', root], { env, stdio: 'ignore', cwd: folder });
  try {
    await waitUntil('the worker to be online', () => server.connected('packed'));
    const ref = { job: 1, fence: 1 };
    server.start('packed', ref, { 'job.yaml': definition, 'device.yaml': device });
    expect(await waitUntil('the end of the job', () => server.end(ref))).toMatchObject({ result: 'pass', errorType: '', poweredOff: true });
    expect(server.records(ref).filter((r) => r.includes('"definition": "0_hello", "case": "one", "result": "pass"'))).toHaveLength(1);
    expect(readFileSync(join(root, 'var/log/lava-dispatcher/lava-slave.log'), 'utf8')).toContain('Connection with the master established');
  } finally {
    const gone = new Promise((resolve) => { worker.once('exit', resolve); });
    worker.kill('SIGTERM');
    await gone;
    await server.close();
  }
}
