import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '@lava/testbed';
import { FaultLab, numberedJob } from '@lava/testbed/histories';

// Server and workers are restarted one after the other, twice, while so many jobs run at once that every board is in use:
// none of them may notice. LAVA_ROLLING_JOBS sets their number.

const jobs = Number(process.env['LAVA_ROLLING_JOBS'] ?? 12);
/** Milliseconds between two lines of a job. */
const pause = 50 + jobs;
let lab: FaultLab;

beforeAll(async () => { lab = await FaultLab.open(jobs); });
afterAll(() => lab.close());

const counts = async () => {
  const rows = await lab.database.rows<{ state: number; health: number; n: number }>('select state, health, count(*)::int as n from jobs group by 1, 2');
  const of = (state: number, health?: number) => rows.filter((r) => r.state === state && (health === undefined || r.health === health)).reduce((sum, r) => sum + r.n, 0);
  return { running: of(3), finished: of(5), complete: of(5, 1) };
};

test(`${jobs} running jobs do not notice that server and workers are restarted`, async () => {
  const ids: string[] = [];
  for (let n = 0; n < jobs; n++) {
    const definition = numberedJob(`rolling ${n}`, 'hidden', { members: 1, lines: [Infinity], pause, type: n % 3 === 2 ? 'numbered-big' : 'numbered', priority: 50 });
    const { job_ids: [id] } = await lab.system.api<{ job_ids: (number | string)[] }>('/api/v1/jobs', { definition });
    ids.push(String(id));
  }
  await waitUntil('all jobs to run', async () => (await counts()).running === jobs, 120);
  for (let round = 0; round < 2; round++) {
    await lab.system.server!.end();
    await lab.ensureServers();
    for (const worker of lab.workers) {
      await lab.system.workers.get(worker.name)!.end();
      lab.ensureWorker(worker);
    }
  }
  // Otherwise it shows nothing.
  expect(await waitUntil('the database', counts)).toMatchObject({ running: jobs });
  for (const board of lab.boards) board.enough();
  await waitUntil('all jobs to end', async () => (await counts()).finished === jobs, 300);
  expect((await counts()).complete).toBe(jobs);
  for (const id of ids) {
    const [attempt] = await lab.database.rows<{ device: string }>('select device from attempts where job = $1', [id]);
    const { lines } = lab.boards.find(({ name }) => name === attempt!.device)!.boots[0]!;
    const log = await (await fetch(`${lab.system.url}/api/v1/jobs/${id}/log`, { headers: { authorization: `Token ${lab.system.token}` } })).text();
    const numbers = [...log.matchAll(/"msg": ?"numbered line (\d+) of/g)].map(([, n]) => Number(n));
    expect(numbers, `lines of job ${id}`).toEqual(Array.from({ length: lines }, (_, n) => n + 1));
  }
});
