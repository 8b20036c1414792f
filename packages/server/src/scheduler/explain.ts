import { byPriority, isDelayed, Round } from './decide.ts';
import { estimateStart, type PastRuns } from './estimate.ts';
import type { Waiting } from '../services.ts';
import type { Lab } from './lab.ts';
import { Queue } from './queue.ts';
import { Shares } from './shares.ts';
import type { QueuedJob, Snapshot } from './snapshot.ts';
import { unitsOf, type Unit } from './units.ts';

/**
 * Why a queued job waits, said by the same round that decides.
 * @param now milliseconds since 1970
 * @returns null for a job that is not queued
 */
export function explain(snapshot: Snapshot, id: number, now: number, past: PastRuns): Waiting | null {
  const ordered = inOrder(snapshot);
  const unit = ordered.find((u) => [...u.jobs, ...u.guests].some((j) => j.id === id));
  if (!unit) return null;
  const asked = unit.jobs.find((j) => j.id === id);
  const round = new Round(snapshot, now);
  const starts = round.decision.placements.some((p) => p.jobs.some((j) => j.job === unit.jobs[0]!.id));
  const types = new Set((asked ? [asked] : unit.jobs).map((j) => j.type));
  const ahead = ordered.slice(0, ordered.indexOf(unit));
  return {
    reason: starts ? 'It is about to start.' : isDelayed(unit, now) ? 'It is tried again when its delay is over.' : reasonOf(unit, asked, round, snapshot),
    position: ahead.filter((u) => u.jobs.some((j) => types.has(j.type))).length + 1,
    devices: devicesOf(asked ? [asked] : unit.jobs, round.lab),
    estimate: starts ? { soonest: 0, likely: 0, latest: 0 } : estimateStart(snapshot, ahead, unit, now, past),
  };
}

/** All units in the order in which they would be served if devices came free one after the other. */
function inOrder(snapshot: Snapshot): Unit[] {
  const shares = new Shares(snapshot);
  return byPriority(unitsOf(snapshot.jobs)).flatMap((level) => {
    const queue = new Queue(level, snapshot.policy.order, shares);
    const units: Unit[] = [];
    for (let unit = queue.next(() => false); unit; unit = queue.next(() => false)) {
      shares.charge(unit);
      units.push(unit);
    }
    return units;
  });
}

function devicesOf(jobs: readonly QueuedJob[], lab: Lab): Waiting['devices'] {
  const devices = new Set(jobs.flatMap((j) => lab.candidates(j)));
  return [...devices].map((d) => ({ hostname: d.hostname, worker: d.worker, does: lab.problem(d) ?? 'free', job: d.job }));
}

function reasonOf(unit: Unit, asked: QueuedJob | undefined, { lab, shares }: Round, snapshot: Snapshot): string {
  const full = shares.overQuota(unit);
  if (full) return `The group of its submitter may hold ${full.quota} devices at once and has no room for it now.`;
  if (unit.jobs.length === 1) return jobReason(unit.jobs[0]!, lab, snapshot);
  const size = unit.jobs.length + unit.guests.length;
  const stuck = unit.jobs.filter((j) => lab.candidates(j).every((d) => lab.problem(d) !== undefined));
  const one = (asked && stuck.includes(asked) ? asked : stuck[0]) ?? unit.jobs[0]!;
  const who = one === asked ? '' : ` Job ${one.id}${one.role && ` (${one.role})`}:`;
  return `All ${size} jobs of its multinode group start together.${who} ${jobReason(one, lab, snapshot)}`;
}

function jobReason(job: QueuedJob, lab: Lab, snapshot: Snapshot): string {
  const { type, device, worker, tags } = job;
  if (type !== null && snapshot.types.get(type)?.display === false) return `Device type ${type} is hidden: its jobs wait until an admin shows it again.`;
  const devices = lab.candidates(job);
  const wanted = `${device === null ? `device of type ${type}` : `device ${device}`}${tags.length ? ' with all the tags' : ''}${worker !== null && device === null ? ` on worker ${worker}` : ''}`;
  if (devices.length === 0) return `There is no ${wanted} that its submitter may use (retired devices do not count).`;
  const problems = devices.map((d) => lab.problem(d) ?? 'free, but not enough for all jobs of the group');
  const elsewhere = devices.filter((d) => !job.avoid.includes(d.hostname));
  if (job.avoid.length > 0 && elsewhere.length > 0 && lab.usableFor(job).some((d) => elsewhere.includes(d))) {
    return `It failed on ${job.avoid.join(', ')} and waits for another ${wanted}: ${elsewhere.map((d) => `${d.hostname} is ${lab.problem(d) ?? 'free'}`).slice(0, 5).join('; ')}.`;
  }
  if (devices.length === 1) return `The only ${wanted}${device === null ? `, ${devices[0]!.hostname},` : ''} is ${problems[0]}.`;
  const counts = new Map<string, number>();
  for (const problem of problems) counts.set(problem, (counts.get(problem) ?? 0) + 1);
  const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([problem, count]) => `${count} ${problem}`);
  return `Of ${devices.length} devices that could run it: ${parts.join('; ')}.`;
}
