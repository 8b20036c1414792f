import { sleep } from '@lava/base';
import { until } from '../packages/server/src/link/fake-worker.ts';
import { BusyLab, submitters, type LabSize } from './support/busy-lab.ts';
import { childrenCpu, processUse } from './support/process-use.ts';
import { quantile, type Row } from './support/row.ts';
import { SubmitClient } from './support/submit-client.ts';

// From the submission of a job, its request sent over HTTP, to the START at the worker that runs it, over the encrypted
// link, while 10,000 jobs of twenty submitters wait for devices that are busy.

const submissions = 100;
/** Submissions before those that count: a server that has run for a while has its code compiled and its plans made. */
const warmUp = 500;
/** Milliseconds between two submissions: each has the server for itself. */
const rest = 100;

export async function run(): Promise<Row[]> {
  return [
    ...await measure({ workers: 100, devicesPerWorker: 10, busy: true, queued: 10_000 }, '<= 20'),
    ...await measure({ workers: 100, devicesPerWorker: 100, busy: true, queued: 10_000 }),
  ];
}

async function measure(size: LabSize, goal?: string): Promise<Row[]> {
  const lab = await BusyLab.start(size);
  const client = new SubmitClient(lab);
  try {
    const workers = await lab.connectAll();
    const arrivals = new Map<number, { at: number; end: () => Promise<void> }>();
    for (const worker of workers) {
      worker.onOrder = (order) => {
        if (order.type !== 'START') return;
        arrivals.set(order.job, { at: performance.now(), end: () => worker.end(order) });
        worker.accept(order);
      };
    }
    const { pid } = lab.system.server!;
    const times: number[] = [];
    let [server, database] = [0, 0];
    for (let n = 0; n < warmUp + submissions; n++) {
      if (n >= warmUp) await sleep(rest);
      if (n === warmUp) [server, database] = [(await processUse(pid)).cpu, await childrenCpu(pid)];
      const begun = performance.now();
      const job = await client.byRest(1 + n % submitters, 't9');
      const { at, end } = await until(() => arrivals.get(job), `START of job ${job}`);
      times.push(at - begun);
      await end();
    }
    const settled = times.slice(warmUp);
    const each = (cpu: number) => ((cpu * 1000) / settled.length).toFixed(1);
    const of = `${size.workers * size.devicesPerWorker} devices`;
    return [
      { name: `submission → START at the worker, p50: ${of}`, value: quantile(settled, 0.5).toFixed(1), unit: 'ms', ...(goal !== undefined && { goal }) },
      { name: '- best, p95', value: `${Math.min(...settled).toFixed(1)}, ${quantile(settled, 0.95).toFixed(1)}`, unit: 'ms' },
      { name: '- server, database', value: `${each((await processUse(pid)).cpu - server)}, ${each(await childrenCpu(pid) - database)}`, unit: 'ms of a core each' },
    ];
  } finally {
    client.close();
    await lab.close();
  }
}
