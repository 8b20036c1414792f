import { mappingAt } from '@lava/job';
import type { Method } from '../pipeline/action.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';

interface Wanted {
  /** Key that the device must have, such as `board_id`. */
  readonly id?: string;
  /** Parameter that the device's method must have. */
  readonly parameter?: string;
  /** The device need not have the method. */
  readonly anyDevice?: boolean;
}

/** The usual conditions for a boot method: what `method` says, and what the device has. */
export function byMethod(name: string, { id, parameter, anyDevice = false }: Wanted = {}): Method['accepts'] {
  return ({ device }, parameters) => {
    if (parameters['method'] !== name) return `"method" was not "${name}"`;
    if (!anyDevice && !deviceHasMethod(device, 'boot', name)) return `"${name}" was not in the device configuration boot methods`;
    if (parameter !== undefined && mappingAt(device, 'actions', 'boot', 'methods', name, 'parameters')?.[parameter] === undefined) return `"${parameter}" was not in the device configuration ${name} boot method parameters`;
    return id === undefined || device[id] !== undefined || `"${id}" is not in the device configuration`;
  };
}
