import { BusyLab, submitters } from './support/busy-lab.ts';
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
    const rest = await rates((user, type) => client.byRest(user, type));
    const xmlRpc = await rates((user, type) => client.byXmlRpc(user, type));
    return [
      row('POST /api/v1/jobs', rest, '>= 500'),
      row('XML-RPC scheduler.submit_job', xmlRpc),
    ];
  } finally {
    client.close();
    await lab.close();
  }
}

const row = (name: string, rates: readonly number[], goal?: string): Row =>
  ({ name: `${name}, 20 submitters (best ${Math.max(...rates).toFixed(0)})`, value: quantile(rates, 0.5).toFixed(0), unit: 'jobs/s', ...(goal !== undefined && { goal }) });

/** Jobs a second of each round, after one to warm up. */
async function rates(submit: (user: number, deviceType: string) => Promise<number>): Promise<number[]> {
  const found: number[] = [];
  for (let n = 0; n <= rounds; n++) {
    const [begun, end] = [performance.now(), performance.now() + seconds * 1000];
    let count = 0;
    await Promise.all(Array.from({ length: submitters }, async (_, user) => {
      while (performance.now() < end) {
        await submit(user + 1, `t${count % 9}`);
        count++;
      }
    }));
    found.push((count * 1000) / (performance.now() - begun));
  }
  return found.slice(1);
}
