import { connectShell } from '../connections/connect-shell.ts';
import { asText } from '../text/as-text.ts';
import type { Method } from '../pipeline/action.ts';
import { autoLoginAction } from './auto-login-action.ts';
import { expectShellConnection } from './expect-shell-connection.ts';
import { exportDeviceEnv } from './export-device-env.ts';
import { overlayUnpack } from './overlay-unpack.ts';

/** Another connection to a device that runs already, such as a second serial port, for tests of its own namespace. */
export const newConnection: Method = {
  name: 'new_connection',
  accepts: (_job, parameters) => parameters['method'] === 'new_connection' || '"method" was not "new_connection"',
  build(job, parameters) {
    const shell = job.tests.get(asText(parameters['namespace']))?.shell ?? false;
    return {
      name: 'secondary-shell-action',
      summary: 'connect to a specified second shell',
      description: 'Connect to a secondary shell on specified hardware',
      children: [
        connectShell,
        ...(parameters['prompts'] === undefined ? [] : [
          autoLoginAction({ booting: false }),
          ...(shell ? [expectShellConnection] : []),
          ...(parameters['transfer_overlay'] === undefined ? [] : [overlayUnpack]),
          exportDeviceEnv,
        ]),
      ],
    };
  },
};
