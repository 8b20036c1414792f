import type { Command } from 'commander';
import { changeDeviceHealth } from '../devices/device-changes.ts';
import { readInstanceSettings } from '../core/instance-settings.ts';
import { decide } from '../scheduler/decide.ts';
import { randomFrom } from '../scheduler/estimate.ts';
import { explain } from '../scheduler/explain.ts';
import type { Waiting } from '../services.ts';
import { groupShares, removeGroupShare, setGroupShare } from '../scheduler/group-shares.ts';
import { HealthCheckFiles } from '../scheduler/health-check-files.ts';
import { readPastRuns, readSnapshot } from '../scheduler/read-snapshot.ts';
import { simulate } from '../scheduler/simulate.ts';
import { policyOf, type Snapshot } from '../scheduler/snapshot.ts';
import { csv } from './table.ts';
import { CommandError, visit, type Visit } from './visit.ts';

/** `lava-server manage scheduler …`: what it would do and why, and what groups get of the lab. */
export function scheduler(manage: Command): void {
  const command = manage.command('scheduler').description('what the scheduler would do and why; shares of groups');

  command.command('explain [job]').description('why a job waits; without a job: what the next round would do. Changes nothing')
    .action((job: string | undefined, _: unknown, c: Command) => visit(c, async (v) => {
      const snapshot = await look(v);
      if (job === undefined) return printRound(v, snapshot);
      const row = await (job.includes('.') ? v.db.selectFrom('jobs').select('id').where('sub_id', '=', job) : v.db.selectFrom('jobs').select('id').where('id', '=', /^\d{1,9}$/.test(job) ? Number(job) : 0)).executeTakeFirst();
      const waiting = row && explain(snapshot, row.id, Date.now(), await past(v, snapshot));
      if (!waiting) throw new CommandError(`Job ${job} is not queued`);
      printWaiting(v, waiting);
    }));

  command.command('simulate').description('when the queued jobs would start if they took as long as the last ones of their type (CSV). Changes nothing')
    .option('--seed <number>', 'other numbers draw other durations', '1')
    .action((options: { seed: string }, c: Command) => visit(c, async (v) => play(v, await look(v), Number(options.seed))));

  command.command('check <device>').description('check a device before it runs anything else: its health becomes Unknown')
    .action((device: string, _: unknown, c: Command) => visit(c, async (v) => {
      if (!await v.change((change) => changeDeviceHealth(change, device, 'Unknown', 'health check forced'))) throw new CommandError(`Device '${device}' does not exist`);
    }));

  const shares = command.command('shares').description('what groups get of the lab');
  shares.command('list').description('list them (CSV)').action((_: unknown, c: Command) => visit(c, async (v) => {
    v.print(csv(['group', 'weight', 'quota', 'queue-limit'], (await groupShares(v.db)).map((r) => [r.group, r.weight, r.quota, r.queue_limit])));
  }));
  shares.command('set <group>').description('give a group a share of its own')
    .option('--weight <number>', 'twice the weight, twice the devices', '1')
    .option('--quota <devices>', 'most devices that its members hold at once')
    .option('--queue-limit <jobs>', 'most jobs that each member may have in the queue')
    .action((group: string, options: { weight: string; quota?: string; queueLimit?: string }, c: Command) => visit(c, async (v) => {
      const share = { weight: Number(options.weight), quota: optional(options.quota), queue_limit: optional(options.queueLimit) };
      if (!await v.change((change) => setGroupShare(change, group, share))) throw noGroup(group);
    }));
  shares.command('remove <group>').description('count its members one by one again')
    .action((group: string, _: unknown, c: Command) => visit(c, async (v) => {
      if (!await v.change((change) => removeGroupShare(change, group))) throw noGroup(group);
    }));
}

async function look(v: Visit): Promise<Snapshot> {
  const { policy = policyOf() } = await readInstanceSettings(v.paths);
  return new HealthCheckFiles({ db: v.db, paths: v.paths }, v.log).mark(await readSnapshot(v.db, policy), Date.now());
}

const past = (v: Visit, snapshot: Snapshot) => readPastRuns(v.db, [...snapshot.types.keys()]);

function printRound(v: Visit, snapshot: Snapshot): void {
  const { checks, placements, timedOut, hopeless } = decide(snapshot, Date.now());
  for (const { device, worker } of checks) v.print(`* health check of ${device} on ${worker}`);
  for (const { jobs, guests } of placements) {
    for (const { job, device, worker } of jobs) v.print(`* job ${job} on ${device} (${worker})`);
    for (const { job, device } of guests) v.print(`* job ${job} with ${device}`);
  }
  for (const job of timedOut) v.print(`* job ${job} is canceled: Queue timeout`);
  for (const { job, reason } of hopeless) v.print(`* job ${job} fails: ${reason}`);
  v.print(`${snapshot.jobs.length} jobs queued, ${placements.reduce((sum, p) => sum + p.jobs.length, 0)} would start now`);
}

function printWaiting(v: Visit, { reason, position, devices, estimate }: Waiting): void {
  v.print(reason);
  v.print(`place in the queue: ${position}`);
  v.print(estimate ? `likely to start in ${estimate.likely} s, mostly between ${estimate.soonest} s and ${estimate.latest} s` : 'when it starts cannot be estimated');
  for (const { hostname, worker, does, job } of devices) v.print(`* ${hostname}${worker === null ? '' : ` on ${worker}`}: ${does}${job === null ? '' : ` (job ${job})`}`);
}

async function play(v: Visit, snapshot: Snapshot, seed: number): Promise<void> {
  const now = Date.now();
  const random = randomFrom(seed);
  const durations = await past(v, snapshot);
  /** Ten minutes for a type of which nothing is known. */
  const draw = (type: string | null) => { const samples = durations.get(type ?? '') ?? []; return samples[Math.floor(random() * samples.length)] ?? 600; };
  const ends = new Map(snapshot.devices.flatMap((d) => (d.busySince === null ? [] : [[d.hostname, Math.max(now + 1000, d.busySince + draw(d.type) * 1000)]])));
  const { starts, waiting } = simulate(snapshot, { now, duration: (j) => draw(j.type), mostRounds: 20_000 }, ends);
  v.print(csv(['job', 'device', 'starts', 'ends'], starts.map((s) => [s.job, s.device, new Date(s.at).toISOString(), new Date(s.ends).toISOString()])));
  if (waiting.length > 0) process.stderr.write(`${waiting.length} jobs would not start: ${waiting.slice(0, 20).join(', ')}\n`);
}

const noGroup = (group: string) => new CommandError(`Group '${group}' does not exist`);
const optional = (text: string | undefined) => (text === undefined ? null : Number(text));
