import { BusyLab } from './support/busy-lab.ts';
import { quantile, type Row } from './support/row.ts';

// How long lists of jobs take with 200,000 jobs in the database: what the web application's page asks for and LAVA's REST
// API, for somebody signed in who is no admin. A tenth of the jobs are for groups; the newest have twenty results each.

const jobs = 200_000;
const withResults = 5000;
const asked = 25;

export async function run(): Promise<Row[]> {
  const lab = await BusyLab.start({ workers: 20, devicesPerWorker: 10, busy: true, queued: 500 });
  try {
    await fill(lab);
    const ask = async (name: string, path: string, goal?: string): Promise<Row> => {
      const times: number[] = [];
      for (let n = 0; n < asked; n++) {
        const begun = performance.now();
        const answer = await fetch(`${lab.system.url}${path}`, { headers: { authorization: `Token ${BusyLab.token(2)}` } });
        await answer.text();
        if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
        times.push(performance.now() - begun);
      }
      return { name: `${name} (best ${Math.min(...times).toFixed(0)})`, value: quantile(times.slice(5), 0.5).toFixed(0), unit: 'ms', ...(goal !== undefined && { goal }) };
    };
    return [
      await ask('first page of the web list of jobs', '/api/v1/jobs', '<= 100'),
      await ask('the same, of one device type', '/api/v1/jobs?type=t3'),
      await ask('a page far back', `/api/v1/jobs?before=${jobs / 2}`),
      await ask('/api/v0.2/jobs/', '/api/v0.2/jobs/', '<= 100'),
      await ask('/api/v0.2/jobs/?state=Running', '/api/v0.2/jobs/?state=Running'),
      await ask('/api/v0.2/jobs/?offset=100000', '/api/v0.2/jobs/?offset=100000'),
      await ask('one job', `/api/v1/jobs/${jobs}`),
    ];
  } finally {
    await lab.close();
  }
}

export async function fill(lab: BusyLab): Promise<void> {
  const session = await lab.connection.session();
  for (const statement of [
    `insert into jobs (submitter, description, definition, original_definition, requested_device_type, actual_device, state, health, is_public, submit_time, start_time, end_time, metadata)
      select (select min(id) from users where username like 'u%') + n % 20, 'kernel of day ' || n / 500, definition, definition, 't' || n % 9, 'd' || n % 200, 5, 1 + n % 3, n % 10 > 0,
        now() - make_interval(secs => (${jobs} - n) * 60), now() - make_interval(secs => (${jobs} - n) * 60 - 10), now() - make_interval(secs => (${jobs} - n) * 60 - 600), '{"build": "4711"}'
      from generate_series(1, ${jobs}) n, (select definition from jobs where state = 0 limit 1) d`,
    `insert into job_groups (job, group_id) select id, (select min(id) from groups where name like 'g%') + id % 4 from jobs where state = 5 and not is_public`,
    `insert into test_suites (job, name) select id, '0_smoke' from jobs where state = 5 order by id desc limit ${withResults}`,
    `insert into test_cases (suite_id, job, name, result) select id, job, 'case ' || n, n % 2 from test_suites, generate_series(1, 20) n`,
    'vacuum analyze',
  ]) await session.query(statement);
  await session.end();
}
