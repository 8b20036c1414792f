import { InfrastructureError, JobError, LavaError, TestError } from '@lava/base';
import { failedWait } from '../console/failed-wait.ts';
import { SkippedTimeout } from './errors.ts';
import type { PipelineAction } from './pipeline-action.ts';

/** What it means that the time of an action is over, by its name. */
const timeoutReasons: Readonly<Record<string, string>> = {
  'connect-device': 'connection-timeout', 'connect-shell': 'connection-timeout', 'disconnect-device': 'connection-timeout',
  'pdu-reboot': 'power-timeout', 'power-off': 'power-timeout', 'power-on': 'power-timeout', 'pre-power-command': 'power-timeout', 'pre-os-command': 'power-timeout',
  'user-command': 'power-timeout', 'send-reboot-commands': 'soft-reboot-failed',
  'wait-usb-serial': 'usb-missing', 'wait-device-boardid': 'usb-missing', 'wait-device-path': 'usb-missing', 'wait-dfu-device': 'usb-missing',
  'wait-qdl-device': 'usb-missing', 'wait-usb-mass-storage-device': 'usb-missing',
  'wait-musca-path': 'usb-missing', 'enter-vexpress-mcc': 'bootloader-no-prompt', 'enable-vexpress-usbmsd': 'bootloader-timeout', 'uboot-fastboot-commands': 'bootloader-timeout',
  'fastboot-flash-action': 'flash-timeout', 'flash-dfu': 'flash-timeout', 'flash-pyocd': 'flash-timeout', 'flash-jlink': 'flash-timeout', 'flash-openocd': 'flash-timeout',
  'flash-cmsis': 'flash-timeout', 'flash-qdl': 'flash-timeout', 'flash-uboot-ums': 'flash-timeout', 'uuu-boot': 'flash-timeout', 'dd-image': 'flash-timeout', 'deploy-flasher': 'flash-timeout',
  'run-gdb': 'flash-timeout', 'boot-fastboot': 'flash-timeout', 'enter-fastboot-action': 'fastboot-missing', 'detect-fastboot-device': 'fastboot-missing',
  'run-fvp': 'model-timeout', 'monitor-installer-connection': 'installation-timeout',
  'bootloader-interrupt': 'bootloader-no-prompt', 'u-boot-interrupt': 'bootloader-no-prompt', 'bootloader-commands': 'bootloader-timeout',
  'auto-login-action': 'kernel-not-started', 'login-action': 'login-timeout', 'expect-shell-connection': 'no-shell-prompt', 'export-device-env': 'no-shell-prompt',
  'http-download': 'download-timeout', 'file-download': 'download-timeout', 'scp-download': 'download-timeout', 'rclone-download': 'download-timeout', 'download-retry': 'download-timeout',
  'git-repo-action': 'git-timeout',
  'lava-test-shell': 'test-timeout', 'lava-test-retry': 'test-timeout', 'lava-test-monitor': 'test-timeout', 'lava-test-interactive': 'test-timeout',
};

const unexplained = new Set(['action-timeout', 'prompt-timeout']);

/**
 * Tells why a wait of an action was in vain: by its name, and by what came from the device's line meanwhile. The error
 * keeps its class and text; other errors stay as they are.
 */
export function explainTimeout(a: PipelineAction, error: LavaError): LavaError {
  if (!unexplained.has(error.code) || error instanceof SkippedTimeout) return error;
  const code = timeoutReasons[a.name] ?? error.code;
  const line = a.section === 'test' ? undefined : failedWait(error);
  if (line?.garbled) {
    return withReason(error, 'serial-garbage', 'What comes from the serial line is no text: check its speed (baud rate) at the serial server, the ground wire and the voltage level.');
  }
  if (line?.silentSince(startOfBlock(a))) {
    return withReason(error, 'serial-silent', 'Nothing at all came from the serial line: check that the device got power, the serial cable, and that the serial server listens to the right port.');
  }
  return code === error.code ? error : withReason(error, code, error.hint);
}

function startOfBlock(a: PipelineAction): number {
  return a.parent ? startOfBlock(a.parent) : a.clock.startedMs;
}

function withReason(error: LavaError, code: string, hint: string | undefined): LavaError {
  const options = { code, cause: error, ...(hint !== undefined && { hint }) };
  if (error instanceof InfrastructureError) return new InfrastructureError(error.message, options);
  if (error instanceof TestError) return new TestError(error.message, options);
  return error instanceof JobError ? new JobError(error.message, options) : error;
}
