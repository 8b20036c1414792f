import { deviceEnvironment } from './downloaded.ts';
import { asText } from '../pipeline/as-text.ts';
import type { ActionSpec } from '../pipeline/action.ts';

/** `deploy-device-env`: keeps the environment of the device (env-dut) for the boot action that types it. */
export const deployDeviceEnv: ActionSpec = {
  name: 'deploy-device-env',
  summary: 'deploy device environment',
  description: 'deploy device environment',
  validate(a) {
    if (!a.constant('lava_test_shell_file', 'posix')) a.error('Invalid deployment data - missing lava_test_shell_file');
  },
  async run(a) {
    a.set(deviceEnvironment, { variables: a.job.deviceEnvironment, shellFile: asText(a.constant('lava_test_shell_file', 'posix')) });
  },
};
