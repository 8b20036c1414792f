import type { Method } from '../pipeline/action.ts';
import { minimal } from './minimal.ts';
import { qemu } from './qemu.ts';
import { uboot } from './u-boot.ts';

/** Every way to boot; when several accept a block, the highest priority wins, then the first. */
export const bootMethods: readonly Method[] = [minimal, qemu, uboot];
