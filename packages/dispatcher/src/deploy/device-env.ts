import { deviceEnvironment } from '../pipeline/namespace-data.ts';
import { asText } from '../text/as-text.ts';
import type { ActionSpec, Parameters } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';

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

/** The action for a deploy block whose tests run in a shell on the device; none for others. */
export function deviceEnvSpecs(job: JobContext, parameters: Parameters): ActionSpec[] {
  return job.tests.get(asText(parameters['namespace'] ?? 'common'))?.deploymentData === true ? [deployDeviceEnv] : [];
}
