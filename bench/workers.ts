import { sleep } from '@lava/base';
import { BusyLab } from './support/busy-lab.ts';
import { childrenCpu, processUse } from './support/process-use.ts';
import type { Row } from './support/row.ts';

// What a server uses at rest with a thousand workers of ten devices each connected over the encrypted link. They speak every
// twenty seconds; nothing is submitted and nothing runs.

const seconds = 40;
const workers = 1000;

export async function run(): Promise<Row[]> {
  const lab = await BusyLab.start({ workers, devicesPerWorker: 10, busy: false, queued: 0 });
  try {
    const { pid } = lab.system.server!;
    const before = await processUse(pid);
    const begun = performance.now();
    await lab.connectAll();
    const came = (performance.now() - begun) / 1000;
    await sleep(20_000);
    const [start, startOfDatabase] = [await processUse(pid), await childrenCpu(pid)];
    await sleep(seconds * 1000);
    const [end, endOfDatabase] = [await processUse(pid), await childrenCpu(pid)];
    return [
      { name: `server process, ${workers} workers with 10 devices each, idle`, value: ((end.cpu - start.cpu) / seconds * 100).toFixed(1), unit: '% of a core', goal: '<= 10' },
      { name: '- its database', value: ((endOfDatabase - startOfDatabase) / seconds * 100).toFixed(1), unit: '% of a core' },
      { name: '- memory', value: end.residentMiB.toFixed(0), unit: 'MiB resident', goal: '<= 500' },
      { name: '- memory before they came', value: before.residentMiB.toFixed(0), unit: 'MiB resident' },
      { name: '- until all have a session', value: came.toFixed(1), unit: 's' },
    ];
  } finally {
    await lab.close();
  }
}
