/*
 * The Grafana dashboard of a lab. lava.json beside it is made from this by scripts/make-dashboard.mjs; a test holds
 * both and the metrics of the server together.
 */

interface Panel {
  readonly title: string;
  readonly description: string;
  readonly unit: 'short' | 's' | 'percentunit' | 'bytes';
  /** PromQL with the legend of its lines. */
  readonly queries: readonly (readonly [expr: string, legend: string])[];
}

const quantile = (q: number, metric: string, by = 'device_type') => `histogram_quantile(${q}, sum by (le, ${by}) (rate(${metric}_bucket[$__range])))`;

/** Share of the boots that pass; who never passed counts as 0 and is not left out. */
const bootShare = (by: string) => {
  const all = `sum by (${by}) (increase(lava_boots_total[$__range]))`;
  return `(sum by (${by}) (increase(lava_boots_total{outcome="pass"}[$__range])) or 0 * ${all}) / ${all}`;
};

const panels: readonly Panel[] = [
  { title: 'Unfinished jobs', description: 'By state; Submitted is the queue.', unit: 'short', queries: [['sum by (state) (lava_jobs)', '{{state}}']] },
  { title: 'Longest wait in the queue', description: 'The oldest queued job of each device type.', unit: 's', queries: [['max by (device_type) (lava_queue_oldest_seconds) > 0', '{{device_type}}']] },
  { title: 'Devices', description: 'By state and health.', unit: 'short', queries: [['sum by (state, health) (lava_devices)', '{{state}} {{health}}']] },
  { title: 'Workers', description: 'By state and health.', unit: 'short', queries: [['sum by (state, health) (lava_workers)', '{{state}} {{health}}']] },
  { title: 'Time in the queue', description: 'Median and 95 % of the jobs that ended in the shown time.', unit: 's', queries: [[quantile(0.5, 'lava_job_queue_wait_seconds'), '{{device_type}} 50 %'], [quantile(0.95, 'lava_job_queue_wait_seconds'), '{{device_type}} 95 %']] },
  { title: 'From the choice of a device to the start', description: '95 % of the jobs that ended in the shown time.', unit: 's', queries: [[quantile(0.95, 'lava_job_start_latency_seconds'), '{{device_type}}']] },
  { title: 'Jobs a minute', description: 'Jobs that ended, by health.', unit: 'short', queries: [['60 * sum by (outcome) (rate(lava_job_duration_seconds_count[$__rate_interval]))', '{{outcome}}']] },
  { title: 'Attempts that were tried again', description: 'By the kind of the error. They are not among the failures.', unit: 'short', queries: [['sum by (outcome) (increase(lava_job_retries_total[$__range]))', '{{outcome}}']] },
  { title: 'Failures by kind', description: 'Incomplete jobs by the kind of the error. Infrastructure is the lab’s.', unit: 'short', queries: [['sum by (outcome) (increase(lava_job_failures_total[$__range]))', '{{outcome}}']] },
  {
    title: 'Boots that succeed, by type', description: 'Of all boot blocks that ended in the shown time.', unit: 'percentunit',
    queries: [[bootShare('device_type'), '{{device_type}}']],
  },
  {
    title: 'The ten devices that boot worst', description: 'Share of boot blocks that succeed.', unit: 'percentunit',
    queries: [[`bottomk(10, ${bootShare('device')})`, '{{device}}']],
  },
  { title: 'Room on workers', description: 'Free on the disk of the jobs of each worker; jobs fail where there is none.', unit: 'bytes', queries: [['min by (worker) (lava_worker_disk_free_bytes)', '{{worker}}']] },
  { title: 'Silence of workers', description: 'Time since the server last heard of a worker; more than a minute is too long.', unit: 's', queries: [['max by (worker) (lava_worker_silence_seconds)', '{{worker}}']] },
  { title: 'Lag of logs', description: 'Age of the newest record when the server has it on its disk.', unit: 's', queries: [['histogram_quantile(0.95, sum by (le) (rate(lava_link_log_lag_seconds_bucket[$__rate_interval])))', '95 %']] },
  { title: 'A round of the scheduler', description: 'Median and 99 %.', unit: 's', queries: [['histogram_quantile(0.5, sum by (le) (rate(lava_scheduler_round_seconds_bucket[$__rate_interval])))', '50 %'], ['histogram_quantile(0.99, sum by (le) (rate(lava_scheduler_round_seconds_bucket[$__rate_interval])))', '99 %']] },
  { title: 'Answers of web and API', description: '95 % of the requests, by route.', unit: 's', queries: [['topk(10, histogram_quantile(0.95, sum by (le, route) (rate(lava_http_request_duration_seconds_bucket[$__rate_interval]))))', '{{route}}']] },
  { title: 'Errors of web and API', description: 'Answers with status 500 and above, a second.', unit: 'short', queries: [['sum by (route) (rate(lava_http_request_duration_seconds_count{status=~"5.."}[$__rate_interval]))', '{{route}}']] },
];

/** The dashboard as Grafana imports it; the data source is asked for then. */
export function dashboard() {
  const datasource = { type: 'prometheus', uid: '${datasource}' };
  return {
    uid: 'lava-lab', title: 'LAVA lab', tags: ['lava'], timezone: 'browser', schemaVersion: 39, refresh: '1m', time: { from: 'now-24h', to: 'now' },
    templating: { list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }] },
    panels: panels.map(({ title, description, unit, queries }, n) => ({
      id: n + 1, type: 'timeseries', title, description, datasource,
      gridPos: { x: (n % 2) * 12, y: Math.floor(n / 2) * 8, w: 12, h: 8 },
      fieldConfig: { defaults: { unit, min: 0, ...(unit === 'percentunit' && { max: 1 }) }, overrides: [] },
      options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
      targets: queries.map(([expr, legendFormat], i) => ({ refId: String.fromCodePoint(65 + i), datasource, expr, legendFormat })),
    })),
  };
}
