import type { Method } from '../pipeline/action.ts';

/** Every way to test; when several accept a block, the highest priority wins, then the first. */
export const testMethods: readonly Method[] = [];
