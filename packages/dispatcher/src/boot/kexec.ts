import { JobError } from '@lava/base';
import { asText } from '../text/as-text.ts';
import { characterDelay } from '../connections/character-delay.ts';
import { serveFile } from '../connections/serve-file.ts';
import { downloadedFiles } from '../pipeline/namespace-data.ts';
import type { Action, ActionSpec, Method, Parameters } from '../pipeline/action.ts';
import { autoLoginAction } from './auto-login-action.ts';
import { expectShellConnection } from './expect-shell-connection.ts';
import { exportDeviceEnv } from './export-device-env.ts';
import { overlayUnpack } from './overlay-unpack.ts';
import { promptList } from '../text/prompts.ts';

const program = '/sbin/kexec';

/** Starts another kernel from the running system. */
export const kexec: Method = {
  name: 'kexec',
  accepts: (_job, parameters) => parameters['method'] === 'kexec' || '"method" was not "kexec"',
  build: (_job, parameters) => ({
    name: 'kexec-boot',
    summary: 'kexec a new kernel',
    description: 'replace current kernel using kexec',
    retry: true,
    // `boot_message` has shown that the new kernel runs: often it is the very line that other methods wait for.
    children: [callKexec, autoLoginAction({ booting: false }), expectShellConnection, ...(parameters['transfer_overlay'] === undefined ? [] : [overlayUnpack]), exportDeviceEnv],
  }),
};

/** The command that loads kernel, device tree and initial ramdisk. */
function loadCommand(parameters: Parameters): string {
  const { command, kernel, dtb, initrd, options, on_panic: onPanic } = parameters;
  return [
    command === undefined ? program : asText(command),
    ...(kernel === undefined ? [] : [onPanic === true ? '--load-panic' : '--load', asText(kernel)]),
    ...(dtb === undefined ? [] : ['--dtb', asText(dtb)]),
    ...(initrd === undefined ? [] : ['--initrd', asText(initrd)]),
    ...promptList(options),
  ].join(' ');
}

const callKexec: ActionSpec = {
  name: 'call-kexec',
  summary: 'attempt to kexec new kernel',
  description: 'call kexec with specified arguments',
  validate(a) {
    if (loadCommand(a.parameters) === program) a.error('Default kexec handler needs at least a kernel to pass to the --load command');
    if (a.parameters['boot_message'] === undefined) a.error("'boot_message' is needed: what the new kernel says first");
  },
  async run(a) {
    const connection = a.needConnection();
    const type = async (line: string) => {
      await connection.sendLine(line, { delayMs: characterDelay(a) });
      await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
    };
    if (a.parameters['deploy'] === true) for (const label of ['kernel', 'initrd', 'dtb']) await fetchOnDevice(a, label, type);
    const config = a.parameters['kernel-config'];
    if (config !== undefined) await type(`zgrep -i kexec ${asText(config)} |grep -v '^#'`);
    await type(loadCommand(a.parameters));
    const command = a.parameters['command'];
    await connection.sendLine(a.parameters['on_panic'] === true ? 'echo c > /proc/sysrq-trigger' : `${command === undefined ? program : asText(command)} -e`, { delayMs: characterDelay(a) });
    connection.prompts = promptList(a.parameters['boot_message']);
    await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
  },
};

async function fetchOnDevice(a: Action, label: string, type: (line: string) => Promise<void>): Promise<void> {
  const place = a.parameters[label];
  if (place === undefined) return;
  const file = a.get(downloadedFiles)?.get(label)?.file;
  if (file === undefined) throw new JobError(`Missing '${label}' in deploy stage`, { code: 'kexec-file' });
  await serveFile(a, file, (url) => type(`wget ${url} -O ${asText(place)}`));
}
