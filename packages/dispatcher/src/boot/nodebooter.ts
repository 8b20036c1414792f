import type { Method } from '../pipeline/action.ts';
import { resetDevice } from '../power/reset-device.ts';
import { autoLoginAction } from './auto-login-action.ts';
import { byMethod } from './by-method.ts';
import { configureNodebooter, runNodebooter } from './nodebooter-container.ts';
import { overlayUnpack } from './overlay-unpack.ts';
import { connectDevice } from '../connections/connect-device.ts';

/** A machine that a nodebooter, which runs in a container on the worker, starts over the network. */
export const nodebooter: Method = {
  name: 'nodebooter',
  accepts: byMethod('nodebooter'),
  build: (job, parameters) => ({
    name: 'boot-nodebooter',
    summary: 'boot nodebooter',
    description: 'boot a machine with nodebooter',
    retry: true,
    children: [
      runNodebooter(), configureNodebooter, connectDevice, resetDevice(job), ...(parameters['prompts'] === undefined ? [] : [autoLoginAction()]),
      ...(parameters['transfer_overlay'] === undefined ? [] : [overlayUnpack]),
    ],
  }),
};
