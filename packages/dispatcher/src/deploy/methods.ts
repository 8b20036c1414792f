import type { Method } from '../pipeline/action.ts';
import { docker } from './docker.ts';
import { ssh } from './ssh.ts';
import { tftp } from './tftp.ts';
import { tmpfs } from './tmpfs.ts';

/** Every way to deploy; when several accept a block, the highest priority wins, then the first. */
export const deployMethods: readonly Method[] = [docker, tmpfs, tftp, ssh];
