import { JobError } from '@lava/base';
import { mappingAt } from '@lava/job';
import { shellSplit } from '../text/shell-split.ts';
import { downloadedFiles } from '../pipeline/namespace-data.ts';
import { installation } from '../deploy/iso-installer.ts';
import { fillFiles } from '../flash/image-files.ts';
import type { Action, ActionSpec, Method } from '../pipeline/action.ts';
import { autoLoginAction } from './auto-login-action.ts';
import { connectQemu, guestDrive, qemuWords } from './execute-qemu.ts';
import { expectShellConnection } from './expect-shell-connection.ts';
import { exportDeviceEnv } from './export-device-env.ts';

/** An installation in QEMU from a CD image, then the system that was installed. */
export const qemuIso: Method = {
  name: 'qemu-iso',
  priority: 0,
  accepts(_job, parameters) {
    if (parameters['media'] === 'img') return true;
    return parameters['method'] === 'qemu-iso' ? '"media" was not "img"' : '"method" was not "qemu-iso"';
  },
  build: () => ({
    name: 'boot-installer-iso',
    summary: 'boot installer iso image',
    description: 'run the installer in QEMU, then the installed system',
    children: [executeInstaller, monitorInstaller, rebootIntoInstalled, autoLoginAction({ booting: false }), expectShellConnection, exportDeviceEnv],
  }),
};

const settings = (a: Action) => mappingAt(a.job.device, 'actions', 'boot', 'methods', 'qemu', 'parameters') ?? {};

function prepared(a: Action) {
  const found = a.get(installation);
  if (!found) throw new JobError("'method: qemu-iso' needs a deploy block with 'to: iso-installer'", { code: 'no-installation' });
  return found;
}

const executeInstaller: ActionSpec = {
  name: 'execute-installer-command',
  summary: 'include downloaded locations and call qemu',
  description: 'run the installer in QEMU',
  validate: (a) => { qemuWords(settings(a)); },
  async run(a) {
    const files = a.get(downloadedFiles) ?? new Map();
    const iso = files.get('iso')?.imageArg;
    await connectQemu(a, [...qemuWords(settings(a)), ...prepared(a).words, ...(iso === undefined ? [] : shellSplit(iso).map((word) => fillFiles(word, files)))]);
  },
};

/** What installers of Debian say when they fail, and when they are done. */
const failures = ['ERROR: Installation step failed', 'ERROR: Failed to retrieve the preconfiguration file'];
const endings = ['Press enter to continue', 'reboot: Power down'];

const monitorInstaller: ActionSpec = {
  name: 'monitor-installer-connection',
  summary: 'Watch for error strings or end of install',
  description: 'wait for the end of the installation',
  async run(a) {
    const connection = a.needConnection();
    connection.prompts = [...failures, ...endings];
    const { index, text } = await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
    if (index < failures.length) throw new JobError(`The installation failed: ${text}`, { code: 'installation-failed' });
    a.log.info('The installation has ended');
  },
};

const rebootIntoInstalled: ActionSpec = {
  name: 'reboot-into-installed',
  summary: 'reboot into installed image',
  description: 'start the installed system in QEMU',
  async run(a) {
    await connectQemu(a, [...qemuWords(settings(a)), '-drive', `format=raw,file=${prepared(a).disk}`, ...guestDrive(a)]);
    const connection = a.needConnection();
    connection.prompts = ['Loading initial ramdisk'];
    await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
  },
};
