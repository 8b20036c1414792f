import { LavaError } from '@lava/base';
import type { Action } from '../pipeline/action.ts';
import { namedDevices, nodesOf } from './device-nodes.ts';
import { allDevices, type UdevEvents, watchEvents } from './udev.ts';
import type { UdevRecord } from './udev-records.ts';

/** Majors of the device nodes that boards bring: USB, USB serial adapters, USB modems, disks. */
const cgroupRules = ['c 189:* rwm', 'c 188:* rwm', 'c 166:* rwm', 'b 8:* rwm'].map((rule) => `--device-cgroup-rule=${rule}`);

/** What `docker run` needs so that a container sees the device's USB parts (`device_info`) now, and may use those that come back later. */
export async function deviceOptions(a: Action): Promise<string[]> {
  const devices = await allDevices(a);
  const nodes = devices.filter(namedDevices(a, 'device_info', devices)).flatMap(({ DEVNAME }) => (DEVNAME?.startsWith('/dev/') ? [DEVNAME] : []));
  return [...cgroupRules, ...[...new Set(nodes)].sort().map((node) => `--device=${node}`)];
}

/**
 * Gives a running container the device's USB parts as they come: a board that is flashed leaves the bus and comes back
 * under another number. @returns ends it
 */
export async function followDevices(a: Action, container: string): Promise<() => Promise<void>> {
  const events = watchEvents(a);
  await events.ready;
  const devices = await allDevices(a);
  const named = namedDevices(a, 'device_info', devices);
  for (const device of devices.filter(named)) await giveDevice(a, container, device);
  const followed = follow(a, container, events, named);
  return async () => {
    events.end();
    await followed;
  };
}

async function follow(a: Action, container: string, events: UdevEvents, named: (device: UdevRecord) => boolean): Promise<void> {
  for (;;) {
    try {
      const event = await events.next();
      if ((event['ACTION'] === 'add' || event['ACTION'] === 'change') && named(event)) await giveDevice(a, container, event);
    } catch (error) {
      // The listening has ended, with the action or by whoever began it.
      if (!(error instanceof LavaError) || error.code !== 'udev-ended') a.log.debug(`No more devices are given to ${container}`);
      return;
    }
  }
}

/** Makes the node and the links of a device within a container. */
async function giveDevice(a: Action, container: string, device: UdevRecord): Promise<void> {
  const [node, ...links] = nodesOf(device);
  const { MAJOR, MINOR, SUBSYSTEM } = device;
  if (node === undefined || !/^\d+$/.test(MAJOR ?? '') || !/^\d+$/.test(MINOR ?? '')) return;
  // Every word is an argument of the script: names of devices come from the board.
  const script = 'mkdir -p "${1%/*}" && rm -f "$1" && mknod "$1" "$2" "$3" "$4" && chmod 0660 "$1" && n=$1 && shift 4 && for l; do mkdir -p "${l%/*}" && ln -sf "$n" "$l"; done';
  await a.exec(['docker', 'exec', container, 'sh', '-c', script, 'sh', node, SUBSYSTEM === 'block' ? 'b' : 'c', MAJOR ?? '', MINOR ?? '', ...links], { allowFail: true });
}
