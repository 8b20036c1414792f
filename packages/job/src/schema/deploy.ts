import { required, text } from './schema.ts';
import { methodBlock, timeout } from './common.ts';
import { boards } from './deploy/boards.ts';
import { emulators } from './deploy/emulators.ts';
import { network } from './deploy/network.ts';
import { workers } from './deploy/workers.ts';

/** Every method of deployment; its declaration stands in the file of its family. */
export const deployMethods = { key: 'to', methods: { ...emulators, ...network, ...boards, ...workers } } as const;

export const deploy = methodBlock(deployMethods, { to: required(text({ noText: 'not a valid value', about: 'the method, such as tmpfs or tftp' })), timeout });
