import { basename } from 'node:path';
import { JobError } from '@lava/base';
import { connectProcess } from '../connections/process-connection.ts';
import { sendChecked } from '../connections/send-checked.ts';
import { which } from '../process/which.ts';
import { hasSerial } from '../connections/connect-device.ts';
import { downloadedFiles, overlayArchive, resultsFolder } from '../pipeline/namespace-data.ts';
import { overlayHost, overlayHostIds } from '../deploy/ssh.ts';
import { sharedKey, type Action, type ActionSpec, type Method } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { hasIdentity, ownHost, scpCommand, sshCommand, sshParameters, sshTarget, toldHost } from '../ssh/ssh-device.ts';
import { autoLoginAction } from './auto-login-action.ts';
import { expectShellConnection } from './expect-shell-connection.ts';
import { exportDeviceEnv } from './export-device-env.ts';

const hint = 'Install openssh-client on the worker.';
/** The address that the session goes to. */
const sessionHost = sharedKey<string>('prepare-ssh');
/** Where the overlay lies on the device. */
const remoteOverlay = sharedKey<string>('scp-deploy');

/** A session over ssh to a system that runs already: the device's own host, or one that another job of the group tells. */
export const ssh: Method = {
  name: 'ssh',
  accepts(job, parameters) {
    if (parameters['method'] !== 'ssh') return '"method" was not "ssh"';
    return deviceHasMethod(job.device, 'boot', 'ssh') || '"ssh" not in device configuration boot methods';
  },
  build: () => ({
    name: 'login-ssh',
    summary: 'login over ssh',
    description: 'connect over ssh and ensure a shell is found',
    retry: true,
    children: [scpDeploy, prepareSsh, connectSsh, autoLoginAction({ booting: false }), expectShellConnection, exportDeviceEnv, scpOverlayUnpack],
  }),
};

function checkSsh(a: Action): void {
  for (const program of ['ssh', 'scp']) which(program, hint);
  if (!hasSerial(a.job.device)) a.error('Device not configured to support serial connection.');
  if (!/^\d+$/.test(asText(sshParameters(a.job)['port'] ?? 22))) a.error('Port was set but was not a digit');
  hasIdentity(a.job);
}

/** Copies the overlay, and what else the deploy block fetched, into the folder of the tests. */
const scpDeploy: ActionSpec = {
  name: 'scp-deploy',
  summary: 'scp over the ssh connection',
  description: 'copy a file to a known device using scp',
  timeoutError: 'Infrastructure',
  validate(a) {
    checkSsh(a);
    if (!deviceHasMethod(a.job.device, 'deploy', 'ssh')) a.error('Unable to use scp-deploy without ssh deployment');
    if (!a.get(overlayHostIds) && ownHost(a.job) === undefined) a.error('Invalid device or job configuration, missing host.');
  },
  async run(a) {
    const archive = a.get(overlayArchive);
    const folder = a.get(resultsFolder);
    if (archive === undefined || folder === undefined) throw new JobError("scp-deploy: could not find details of 'overlay'", { code: 'no-overlay' });
    const host = a.get(overlayHost) ?? ownHost(a.job);
    if (host === undefined) throw new JobError('scp-deploy: could not find host for deployment using overlay', { code: 'ssh-host' });
    const target = await sshTarget(a, host);
    await a.exec(sshCommand(target, `mkdir -p ${folder}`), { error: 'Infrastructure', errorMessage: `Unable to sign in to ${host} over ssh` });
    for (const file of [archive, ...[...(a.get(downloadedFiles) ?? new Map()).values()].map((found) => found.file)]) {
      await a.exec(scpCommand(target, file, `${folder}/${basename(file)}`), { error: 'Infrastructure', errorMessage: `Unable to copy ${basename(file)}` });
    }
    a.set(remoteOverlay, `${folder}/${basename(archive)}`);
    a.results['success'] = 'ssh deployment';
  },
};

const prepareSsh: ActionSpec = {
  name: 'prepare-ssh',
  summary: 'set the host address of the ssh connection',
  description: 'determine which address to use for primary or secondary connections',
  async run(a) {
    const host = toldHost(a) ?? ownHost(a.job);
    if (host === undefined) {
      throw new JobError('Unable to identify host address. Primary? The boot block has no hostID, and the device no host', { code: 'ssh-host', hint: "Give 'parameters: {hostID: …, host_key: …}' in the boot block, or set ssh_host in the device dictionary." });
    }
    a.set(sessionHost, host);
  },
};

const connectSsh: ActionSpec = {
  name: 'ssh-connection',
  summary: 'make an ssh connection to a device',
  description: 'login to a known device using ssh',
  timeoutError: 'Infrastructure',
  async run(a) {
    await a.connection?.close();
    const target = await sshTarget(a, a.get(sessionHost) ?? '');
    const argv = sshCommand(target);
    a.log.info(`[${a.namespace}] ${a.name} Connecting to device using '${argv.join(' ')}'`);
    a.connection = await connectProcess(a, argv, { tags: ['ssh'], terminal: true, farewell: (console) => console.sendLine('logout') });
  },
};

const scpOverlayUnpack: ActionSpec = {
  name: 'scp-overlay-unpack',
  summary: 'unpack the overlay on the remote device',
  description: 'unpack the overlay over an existing ssh connection',
  async run(a) {
    const connection = a.needConnection();
    await sendChecked(a, connection, ['tar', tarFlags(a), '-C', '/', '-xzf', a.get(remoteOverlay) ?? ''].filter((word) => word !== '').join(' '), a.remainingMs());
    await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
  },
};

function tarFlags(a: Action): string {
  try {
    return asText(a.constant('tar_flags', 'posix'));
  } catch {
    return '';
  }
}
