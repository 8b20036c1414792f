import { BusyLab, submitters } from './support/busy-lab.ts';
import { childrenCpu, processUse } from './support/process-use.ts';
import { quantile, type Row } from './support/row.ts';
import { SubmitClient } from './support/submit-client.ts';

// Definitions a second that a server takes, checks in full and stores, from twenty users at once over HTTP, while 10,000
// jobs wait already and the scheduler runs. Everything is on this machine: database, server and those who submit.

const seconds = 5;
const rounds = 3;

export async function run(): Promise<Row[]> {
  const lab = await BusyLab.start({ workers: 20, devicesPerWorker: 10, busy: true, queued: 10_000 });
  const client = new SubmitClient(lab);
  try {
    return [
      ...await measure(lab, 'POST /api/v1/jobs', (user, type) => client.byRest(user, type), '>= 500'),
      ...await measure(lab, 'XML-RPC scheduler.submit_job', (user, type) => client.byXmlRpc(user, type)),
    ];
  } finally {
    client.close();
    await lab.close();
  }
}

/** Jobs a second of each round, after one to warm up, and what a job costs. */
async function measure(lab: BusyLab, name: string, submit: (user: number, deviceType: string) => Promise<number>, goal?: string): Promise<Row[]> {
  const { pid } = lab.system.server!;
  const rates: number[] = [];
  let [jobs, server, database] = [0, 0, 0];
  for (let n = 0; n <= rounds; n++) {
    if (n === 1) [jobs, server, database] = [0, (await processUse(pid)).cpu, await childrenCpu(pid)];
    const [begun, end] = [performance.now(), performance.now() + seconds * 1000];
    let count = 0;
    await Promise.all(Array.from({ length: submitters }, async (_, user) => {
      while (performance.now() < end) {
        await submit(user + 1, `t${count % 9}`);
        count++;
      }
    }));
    jobs += count;
    rates.push((count * 1000) / (performance.now() - begun));
  }
  const each = (cpu: number) => ((cpu * 1000) / jobs).toFixed(2);
  rates.shift();
  return [
    { name: `${name}, ${submitters} submitters (best ${Math.max(...rates).toFixed(0)})`, value: quantile(rates, 0.5).toFixed(0), unit: 'jobs/s', ...(goal !== undefined && { goal }) },
    { name: '- server, database', value: `${each((await processUse(pid)).cpu - server)}, ${each(await childrenCpu(pid) - database)}`, unit: 'ms of a core each' },
  ];
}
