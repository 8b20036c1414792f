import { isMapping, mappingAt, type Mapping } from '@lava/job';
import { dumpYaml } from '@lava/yaml';
import { loadExactly } from '../jobs/exact-yaml.ts';

/**
 * The configuration of a device as a job gets it that only shares it with its host: how to connect and what to do, but
 * nothing that would switch its power or open its console. `guest` tells the worker that the device is not its own.
 * @param text a rendered configuration
 */
export function guestDevice(text: string): string {
  const device = loadExactly(text);
  if (!isMapping(device)) return text;
  const { hostname, devicetype, constants, timeouts } = device;
  const ways = (kind: string): Mapping => {
    const { connections, methods } = mappingAt(device, 'actions', kind) ?? {};
    return present({ connections, methods });
  };
  return dumpYaml(present({
    hostname, devicetype, guest: true,
    constants: { ...isMapping(constants) ? constants : {}, 'kernel-start-message': '' },
    timeouts, actions: { deploy: ways('deploy'), boot: ways('boot') },
  }));
}

const present = (mapping: Mapping): Mapping => Object.fromEntries(Object.entries(mapping).filter(([, value]) => value !== undefined));
