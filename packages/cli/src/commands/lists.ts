import type { DeviceRow, WorkerRow } from '../api-types.ts';
import { verdict } from '../print/style.ts';
import { table } from '../print/table.ts';
import { connect, print, type GlobalOptions } from './context.ts';

/** `lava devices`. */
export async function devices(options: GlobalOptions): Promise<number> {
  const { devices: rows } = await (await connect(options)).get<{ devices: DeviceRow[] }>('/devices');
  print(options, rows, () => table(
    ['device', 'type', 'worker', 'state', 'health', 'job'],
    rows.map((d) => [d.hostname, d.device_type, d.worker ?? '', d.state, verdict(d.health), d.job === null ? '' : String(d.job)]),
  ));
  return 0;
}

/** `lava workers`. */
export async function workers(options: GlobalOptions): Promise<number> {
  const { workers: rows } = await (await connect(options)).get<{ workers: WorkerRow[] }>('/workers');
  print(options, rows, () => table(
    ['worker', 'state', 'health', 'devices', 'busy', 'version', 'last ping'],
    rows.map((w) => [
      w.hostname, verdict(w.state), verdict(w.health), String(w.devices), String(w.busy), w.version ?? '',
      w.last_ping?.slice(0, 19).replace('T', ' ') ?? 'never',
    ]),
  ));
  return 0;
}
