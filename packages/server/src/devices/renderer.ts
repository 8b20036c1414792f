import type { LavaPaths } from '@lava/base';
import type { DeviceRenderer } from './device-service.ts';
export function renderFrom(_paths: LavaPaths): DeviceRenderer { return async () => { throw new Error('not yet'); }; }
