import type { Method } from '../pipeline/action.ts';
import { autoLoginAction } from './auto-login-action.ts';
import { asText } from '../text/as-text.ts';
import { byMethod } from './by-method.ts';
import { expectShellConnection } from './expect-shell-connection.ts';
import { checkFvpVersion, fvpSerialConnect, runFvp } from './fvp-container.ts';
import { overlayUnpack } from './overlay-unpack.ts';
import { readFeedback } from '../connections/read-feedback.ts';

/** One of Arm's models, in a container. */
export const fvp: Method = {
  name: 'fvp',
  accepts(job, parameters) {
    const meant = byMethod('fvp')(job, parameters);
    return meant === true ? parameters['image'] !== undefined || '"image" was not in the boot parameters' : meant;
  },
  build(job, parameters) {
    const shell = job.tests.get(asText(parameters['namespace']))?.shell ?? false;
    return {
      name: 'boot-fvp',
      summary: 'boot FVP with retry',
      description: 'boot a Fixed Virtual Platform with retry',
      retry: true,
      children: [
        {
          name: 'boot-fvp-main', summary: 'boot FVP', description: 'start the model and connect to its console',
          children: [checkFvpVersion, runFvp(), ...(parameters['use_telnet'] === false ? [] : [fvpSerialConnect, readFeedback])],
        },
        ...(parameters['prompts'] === undefined ? [] : [
          readFeedback, autoLoginAction(), ...(shell ? [expectShellConnection] : []), ...(parameters['transfer_overlay'] === undefined ? [] : [overlayUnpack]),
        ]),
      ],
      validate(a) {
        for (const key of ['erpc_app', 'commands']) if (parameters[key] !== undefined) a.error(`'${key}' of the boot method fvp is not supported`);
      },
    };
  },
};
