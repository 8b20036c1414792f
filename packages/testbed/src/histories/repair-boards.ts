import { deviceHealths } from '@lava/job';
import type { FaultLab } from './fault-lab.ts';
import { patiently } from './patiently.ts';

/** What an admin does before devices that were taken out of service are used again: they are off then. Those in use are left alone. */
export async function repairBoards(lab: FaultLab, reason: string): Promise<void> {
  const devices = await patiently(() => lab.database.rows<{ hostname: string; health: number }>('select hostname, health from devices where state = 0'));
  for (const { hostname, health } of devices) {
    if (deviceHealths[health] === 'Good') continue;
    lab.boards.find(({ name }) => name === hostname)?.switchOff();
    await patiently(() => lab.api(`/api/v1/devices/${hostname}/health`, { health: 'Good', reason }));
  }
}
