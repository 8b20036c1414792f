import { formatRecord } from '@lava/job';
import type { AttemptRef } from '@lava/link';
import { until, type FakeWorker } from '../packages/server/src/link/fake-worker.ts';
import { BusyLab } from './support/busy-lab.ts';
import { quantile, type Row } from './support/row.ts';

// Test results a second from the log records of running jobs, over the encrypted link, to the disk of the log and into the
// database. The log of a job with nothing but results is the hardest there is.

const jobs = 8;
const perMessage = 1000;
const perJob = 20_000;
const rounds = 3;

export async function run(): Promise<Row[]> {
  const lab = await BusyLab.start({ workers: 4, devicesPerWorker: 10, busy: true, queued: 1000 });
  try {
    const workers = await lab.connectAll();
    const running = workers.flatMap((worker) => worker.held.map((attempt) => ({ worker, attempt }))).slice(0, jobs);
    await ship(running, 0, perMessage);
    const rates: number[] = [];
    for (let n = 0; n < rounds; n++) {
      const first = perMessage + n * perJob;
      const begun = performance.now();
      await ship(running, first, perJob);
      await until(async () => await stored(lab) === jobs * (first + perJob), 'all results in the database');
      rates.push((jobs * perJob * 1000) / (performance.now() - begun));
    }
    return [{ name: `results of ${jobs} jobs into the database (best ${Math.max(...rates).toFixed(0)})`, value: quantile(rates, 0.5).toFixed(0), unit: 'results/s', goal: '>= 20000' }];
  } finally {
    await lab.close();
  }
}

async function ship(running: readonly { worker: FakeWorker; attempt: AttemptRef }[], first: number, count: number): Promise<void> {
  await Promise.all(running.map(async ({ worker, attempt }) => {
    for (let index = first; index < first + count; index += perMessage) await worker.log(attempt, index, results(index, perMessage));
  }));
}

/** Records as `lava-run` writes them for test cases of a suite. */
const results = (first: number, count: number): string[] => Array.from({ length: count }, (_, n) =>
  formatRecord('results', { definition: '0_kselftest', case: `net.test_${first + n}`, result: n % 50 === 0 ? 'fail' : 'pass', starttc: first + n, endtc: first + n }));

/** Results that the database has. */
async function stored(lab: BusyLab): Promise<number> {
  const session = await lab.connection.session();
  const { rows: [row] } = await session.query<{ lines: number }>('select sum(log_lines)::int as lines from jobs where log_lines > 0');
  await session.end();
  return row!.lines;
}
