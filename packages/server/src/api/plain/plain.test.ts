import { execFileSync } from 'node:child_process';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatRecord } from '@lava/job';
import { loadYaml } from '@lava/yaml';
import { startTestServer, testDefinition, type TestServer } from '../testing.ts';

let server: TestServer;
let id: number;
beforeAll(async () => {
  server = await startTestServer();
  id = await server.addJob({ definition: `${testDefinition}metadata: {build: 7}\n` });
  await server.appendLog(id, [['info', 'one'], ['target', 'two'], ['target', 'three']]);
  await server.addCases(id, '0_smoke', [{ name: 'a,b' }, { name: 'c' }]);
  await server.addCases(id, 'lava', [{ name: 'job' }]);
  await server.addCases(id, '0_smoke', [{ name: 'late' }]);
});
afterAll(() => server.stop());

test('log and definition', async () => {
  const log = await server.ask(`/scheduler/job/${id}/log_file/plain`);
  expect([log.headers.get('content-type'), log.headers.get('content-disposition')]).toEqual(['application/yaml', `attachment; filename=job_${id}.log`]);
  expect(log.text.split('\n')).toHaveLength(4);
  const definition = await server.ask(`/scheduler/job/${id}/definition/plain`);
  expect(definition.text).toContain('job_name: boot');
  expect(definition.headers.get('content-type')).toContain('text/plain');
  const waiting = await server.addJob({ state: 'Submitted' });
  expect((await server.ask(`/scheduler/job/${waiting}/log_file/plain`)).status).toBe(404);
  expect((await server.ask(`/scheduler/job/${waiting}/log_pipeline_incremental`)).json).toEqual([]);
});

test('the log from a line on', async () => {
  const part = await server.ask(`/scheduler/job/${id}/log_pipeline_incremental?line=1`);
  expect(part.headers.get('x-is-finished')).toBe('1');
  expect(part.json.map((r: { msg: string }) => r.msg)).toEqual(['two', 'three']);
  expect((await server.ask(`/scheduler/job/${id}/log_pipeline_incremental?line=x`)).json).toHaveLength(3);
  expect((await server.ask(`/scheduler/job/${id}/job_status`)).json).toMatchObject({ actual_device: 'qemu01', duration: '0:01:00', job_state: 'Finished', 'X-JobState': '1' });
});

test('results of the log with the numbers of their cases', async () => {
  const job = await server.addJob();
  const lines = ['no case', 'one', 'two'].map((name) => formatRecord('results', { definition: '0_smoke', case: name, result: 'pass' })).join('');
  await server.appendLog(job, `${formatRecord('info', 'begun')}${lines}`);
  const [one, two] = await server.addCases(job, '0_smoke', [{ name: 'one' }, { name: 'two' }]);
  for (const [line, id] of [[2, one!], [3, two!]] as const) await server.services.db.updateTable('test_cases').set({ log_line: line }).where('id', '=', id).execute();
  const numbers = async (line: number) => (await server.ask(`/scheduler/job/${job}/log_pipeline_incremental?line=${line}`)).json.map((r: { msg: { case_id?: number } }) => r.msg.case_id);
  expect(await numbers(0)).toEqual([undefined, undefined, one, two]);
  expect(await numbers(3)).toEqual([two]);
});

test('all that the worker of a job got, without secrets', async () => {
  const job = await server.addJob();
  expect((await server.ask(`/scheduler/job/${job}/configuration`)).status).toBe(404);
  await server.writeJobFile(job, 'job.yaml', 'job_name: a\nsecrets: {TOKEN: hunter2}\n');
  await server.writeJobFile(job, 'device.yaml', 'hostname: q1\n');
  const response = await fetch(`${server.url}/scheduler/job/${job}/configuration`);
  expect([response.headers.get('content-type'), response.headers.get('content-disposition')]).toEqual(['application/tar', 'attachment; filename=configuration.tar.bz2']);
  const archive = Buffer.from(await response.arrayBuffer());
  const tar = (...options: string[]) => execFileSync('tar', ['--bzip2', ...options], { input: archive, encoding: 'utf8' });
  expect(tar('--list')).toBe('job.yaml\ndevice.yaml\n');
  expect(tar('--extract', '--to-stdout')).toBe("job_name: a\nsecrets: {TOKEN: '[MASKED]'}\nhostname: q1\n");
});

test('how long actions took', async () => {
  await sql`insert into job_actions (job, level, name, namespace, start_line, timeout, started_at, end_line, ended_at) values
    (${id}, '0', 'validate', '', 0, 10, '2026-11-22T10:30:00Z', 1, '2026-11-22T10:30:01Z'), (${id}, '1.1', 'download', 'common', 1, 100, '2026-11-22T10:30:00Z', 2, '2026-11-22T10:30:20.7Z'),
    (${id}, '1', 'deploy', 'common', 3, 24, '2026-11-22T10:30:00Z', 2, '2026-11-22T10:30:21Z'), (${id}, '2', 'boot', 'common', 4, 60, '2026-11-22T10:30:22Z', null, null)`.execute(server.services.db);
  expect((await server.ask(`/scheduler/job/${id}/timing`)).json.graph).toEqual([['1', 'deploy', 21, 24, true], ['1.1', 'download', 21, 100, false], ['2', 'boot', 0, 60, false]]);
  expect((await server.ask(`/scheduler/job/${await server.addJob()}/timing`)).status).toBe(404);
});

test('jobs of a group', async () => {
  const [first, second] = [await server.addJob(), await server.addJob({ state: 'Running' })];
  for (const [n, member] of [first, second].entries()) await sql`update jobs set target_group = 'g', sub_id = ${`${first}.${n}`}, multinode_definition = 'whole' where id = ${member}`.execute(server.services.db);
  expect((await server.ask(`/scheduler/job/${first}.1/job_status`)).json.subjobs).toEqual([[first, 'Finished'], [second, 'Running']]);
  // The name of a download is that of the number.
  expect((await server.ask(`/scheduler/job/${first}.1/multinode_definition/plain`)).headers.get('content-disposition')).toBe(`attachment; filename=multinode_job_${second}.yaml`);
});

test('results go suite by suite', async () => {
  const csv = await server.ask(`/results/${id}/csv`);
  expect(csv.headers.get('content-disposition')).toBe(`attachment; filename="lava_${id}.csv"`);
  const rows = csv.text.split('\r\n');
  expect(rows[0]).toBe('job,suite,result,measurement,unit,duration,timeout,logged,level,metadata,url,name,id,log_start_line,log_end_line');
  expect(rows[1]).toContain(',"a,b",');
  expect(rows.slice(1, 5).map((r) => r.split(',')[1])).toEqual(['0_smoke', '0_smoke', '0_smoke', 'lava']);
  expect((await server.ask(`/results/${id}/0_smoke/yaml`)).text.match(/^- name: .*/gm)).toEqual(['- name: a,b', '- name: c', '- name: late']);
  expect((await server.ask(`/results/${id}/0_smoke/csv?offset=1&limit=1`)).text.split('\r\n')).toHaveLength(3);
  expect((await server.ask(`/results/${id}/0_smoke/+testcase-count`)).text).toBe('3');
  expect((await server.ask(`/results/${id}/yaml_summary`)).text).toMatch(new RegExp(`^- name: 0_smoke\n  job: '${id}'\n  id: '\\d+'\n- name: lava\n`));
  expect((await server.ask(`/results/${id}/metadata`)).text).toBe('build: 7\n');
  expect((await server.ask(`/results/${id}/nope/csv`)).status).toBe(404);
  const one = (await server.ask(`/results/${id}/0_smoke/csv?limit=1`)).text.split('\r\n')[1]!.split(',"')[12]!.replaceAll('"', '');
  expect((await server.ask(`/results/testcase/${one}/yaml`)).text).toMatch(/^name: a,b\n/);
  expect((await server.ask('/results/testcase/999999/yaml')).status).toBe(404);
});

test('the dictionary of a device', async () => {
  expect((await server.ask('/scheduler/device/qemu01/devicedict/plain')).headers.get('content-type')).toContain('text/yaml');
  expect((await server.ask('/scheduler/device/..%2F..%2Fetc/devicedict/plain')).status).toBe(404);
});

test('what the template of a device type gives', async () => {
  const template = await server.ask('/scheduler/devicetypeyaml/qemu');
  expect([template.headers.get('content-type'), template.headers.get('content-disposition')]).toEqual(['text/plain; charset=utf-8', 'attachment; filename=qemu_template.yaml']);
  expect(loadYaml(template.text)).toMatchObject({ actions: { boot: { methods: { qemu: {} } } } });
  await server.services.db.insertInto('device_types').values([{ name: 'none' }, { name: 'broken', template: '{% if %}' }]).execute();
  for (const name of ['none', 'broken', 'nobody', "q'%7D%7B"]) expect((await server.ask(`/scheduler/devicetypeyaml/${name}`)).status, name).toBe(404);
});

test('names of users that begin with a text', async () => {
  const find = async (term: string) => (await server.ask(`/scheduler/username-list-json?term=${term}`, { as: 'bob' })).json;
  expect(await find('AL')).toEqual([{ id: expect.any(Number), name: 'alice', label: 'alice' }]);
  expect(await find('%25')).toEqual([]);
  expect((await find('')).map((u: { name: string }) => u.name)).toEqual(expect.arrayContaining(['alice', 'bob', 'root']));
});

test('monitoring', async () => {
  expect((await server.ask('/healthz')).json).toEqual({ health: 'good' });
  const metrics = (await server.ask('/metrics')).text;
  expect(metrics).toContain('lava_jobs{state="Submitted"} 1');
  expect(metrics).toContain('lava_devices{state="Idle",health="Good"} 1');
  expect(metrics).toMatch(/lava_http_request_duration_seconds_count\{[^}]*route="\/results\/:job\/csv"[^}]*\} 1/);
  expect((await server.ask('/v1/prometheus/')).text).toContain('device_type{name="qemu",state="queue"} 1');
});
