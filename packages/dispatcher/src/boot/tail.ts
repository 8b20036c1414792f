import { asText } from '../text/as-text.ts';
import type { ActionSpec, Parameters } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { autoLoginAction } from './auto-login-action.ts';
import { expectShellConnection } from './expect-shell-connection.ts';
import { exportDeviceEnv } from './export-device-env.ts';
import { overlayUnpack } from './overlay-unpack.ts';

/** How most boot methods end once the kernel is on its way: login, a shell, the environment. */
export function bootTail(job: JobContext, parameters: Parameters): ActionSpec[] {
  if (parameters['prompts'] === undefined) return [];
  const shell = job.tests.get(asText(parameters['namespace']))?.shell ?? false;
  return [
    autoLoginAction(),
    ...(shell ? [expectShellConnection] : []),
    ...(parameters['transfer_overlay'] === undefined ? [] : [overlayUnpack]),
    exportDeviceEnv,
  ];
}
