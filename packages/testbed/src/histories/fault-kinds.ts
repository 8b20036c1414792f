import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { leaseSeconds, type FaultLab, type LabWorker } from './fault-lab.ts';
import { jobFolders } from './lab-logs.ts';
import type { LabServer } from './lab-server.ts';
import type { Observer } from './observer.ts';
import type { FaultKind, FaultPlan } from './plan.ts';
import { processesOfAttempt, signal } from './processes.ts';

export interface FaultContext {
  readonly lab: FaultLab;
  readonly observer: Observer;
  readonly plan: FaultPlan;
  readonly worker: LabWorker;
}

/** Something that goes wrong for a while. `hurt` is over when it is healed. False: there was nothing to hurt. */
interface Fault extends FaultKind {
  possible?(lab: FaultLab): boolean;
  hurt(context: FaultContext): Promise<boolean>;
}

const held = (ms: number) => pause(ms);

/** An attempt folder of the worker, chosen by the plan. */
async function someAttempt({ lab, worker, plan }: FaultContext): Promise<string | undefined> {
  const names = (await lab.attemptFolders(worker)).sort();
  return names[Math.floor(plan.choice * names.length)];
}

/** Stops processes for a while. */
async function freeze(pids: readonly number[], ms: number): Promise<boolean> {
  const stopped = pids.filter((pid) => signal(pid, 'SIGSTOP'));
  await held(ms);
  for (const pid of stopped) signal(pid, 'SIGCONT');
  return stopped.length > 0;
}

/** One of the servers, chosen by the plan. */
const someServer = ({ lab, plan }: FaultContext) => lab.servers[Math.floor(plan.choice * lab.servers.length)]!;

/** Of the server that leads, where another one may take its place. */
const ofLeader = (name: string, weight: number, hurt: (leader: LabServer, plan: FaultPlan) => Promise<boolean>): Fault => ({
  name, weight, possible: (lab) => lab.servers.length > 1,
  async hurt({ lab, plan }) {
    const leader = await lab.leader().catch(() => undefined);
    return leader !== undefined && hurt(leader, plan);
  },
});

/** Longer than a leader may be silent. */
const untilReplaced = ({ lasts }: FaultPlan) => 5000 + lasts;

const workerPids = ({ lab, worker }: FaultContext) => { const daemon = lab.system.workers.get(worker.name); return daemon?.running ? [daemon.pid] : []; };

/** Ends the daemon, does something to its state, starts it again. */
async function withoutWorker({ lab, worker, plan }: FaultContext, end: NodeJS.Signals, work: () => Promise<void> = async () => {}): Promise<boolean> {
  await lab.system.workers.get(worker.name)?.end(end);
  await work();
  await held(plan.lasts);
  lab.ensureWorker(worker);
  return true;
}

/** Puts a copy in the place of what is there, as soon as there is room: another fault may just have filled the disk. */
async function copyBack({ lab }: FaultContext, from: string, to: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    await rm(to, { recursive: true, force: true });
    try {
      return await lab.copy(from, to);
    } catch (error) {
      if (tries === 300) throw error;
      await held(100);
    }
  }
}

/** Kills all that runs of a worker's attempts, as when its machine dies. */
async function killRuns({ lab, worker }: FaultContext): Promise<void> {
  for (const name of await lab.attemptFolders(worker)) for (const pid of processesOfAttempt(join(worker.attempts, name))) signal(pid, 'SIGKILL');
}

/** While the worker is hurt its jobs may fail. */
async function hurting(context: FaultContext, work: () => Promise<boolean>): Promise<boolean> {
  const { observer, worker, plan } = context;
  await observer.hurt(worker.name, plan.kind);
  try {
    return await work();
  } finally {
    await observer.unhurt(worker.name);
  }
}

const weather = (name: string, begin: (c: FaultContext) => void, weight?: number): Fault => ({
  name, ...(weight !== undefined && { weight }),
  async hurt(context) {
    begin(context);
    await held(context.plan.lasts);
    context.worker.control.restore();
    context.worker.log.restore();
    return true;
  },
});

export const faultKinds: readonly Fault[] = [
  { name: 'server killed', weight: 2, async hurt(c) { const server = someServer(c); await server.end('SIGKILL'); await held(c.plan.lasts); await server.ensure(); return true; } },
  { name: 'server restarted', async hurt(c) { const server = someServer(c); await server.end('SIGTERM'); await server.ensure(); return true; } },
  { name: 'server frozen', hurt: (c) => freeze(someServer(c).pids, c.plan.lasts) },
  ofLeader('leader killed', 8, async (leader, { lasts }) => { await leader.end('SIGKILL'); await held(lasts); await leader.ensure(); return true; }),
  ofLeader('leader restarted', 4, async (leader) => { await leader.end('SIGTERM'); await leader.ensure(); return true; }),
  ofLeader('leader frozen', 6, (leader, plan) => freeze(leader.pids, untilReplaced(plan))),
  ofLeader('leader cut off', 6, async ({ wayToDatabase }, plan) => { wayToDatabase!.stall(); await held(untilReplaced(plan)); wayToDatabase!.restore(); return true; }),
  // Servers that share a database do not start it again.
  { name: 'database killed', weight: 2, possible: (lab) => lab.servers.length === 1, async hurt({ lab }) { const [postmaster] = await lab.databaseProcesses(); return postmaster !== undefined && signal(postmaster, 'SIGKILL'); } },
  { name: 'database frozen', async hurt({ lab, plan }) { return freeze(await lab.databaseProcesses(), plan.lasts); } },
  { name: 'worker killed', weight: 2, hurt: (c) => withoutWorker(c, 'SIGKILL') },
  { name: 'worker restarted', hurt: (c) => withoutWorker(c, 'SIGTERM') },
  { name: 'worker frozen', hurt: (c) => freeze(workerPids(c), c.plan.lasts) },
  {
    name: 'run killed',
    async hurt(c) {
      const name = await someAttempt(c);
      if (name === undefined) return false;
      if (!c.observer.excuses.has(name)) c.observer.excuses.set(name, 'run killed');
      const [pid] = processesOfAttempt(join(c.worker.attempts, name));
      return pid !== undefined && signal(pid, 'SIGKILL');
    },
  },
  {
    name: 'run frozen',
    async hurt(c) { const name = await someAttempt(c); return name !== undefined && freeze(processesOfAttempt(join(c.worker.attempts, name)), c.plan.lasts); },
  },
  {
    name: 'cable pulled', weight: 2, possible: (lab) => lab.workers.every((w) => w.network !== undefined),
    async hurt({ worker, plan }) { await worker.network!.pull(); await held(plan.lasts); await worker.network!.plug(); return true; },
  },
  weather('link cut', ({ worker }) => { worker.control.cut(); worker.log.cut(); }, 2),
  weather('link stalled', ({ worker }) => { worker.control.stall(); worker.log.stall(); }),
  weather('link lossy', ({ worker }) => { worker.control.drop(); worker.log.drop(); }),
  weather('answers delayed', ({ worker }) => { worker.control.stall('answers'); worker.log.stall('answers'); }, 2),
  weather('log behind control', ({ worker }) => { worker.log.stall(); }),
  weather('control behind log', ({ worker }) => { worker.control.stall(); }),
  { name: 'connections reset', async hurt({ worker }) { worker.control.reset(); worker.log.reset(); return true; } },
  { name: 'server disk full', possible: (lab) => lab.serverDisk !== undefined, async hurt({ lab, plan }) { await lab.serverDisk!.fill(); await held(plan.lasts); await lab.serverDisk!.free(); return true; } },
  {
    name: 'worker disk full', possible: (lab) => lab.workers.every((w) => w.disk !== undefined),
    hurt: (c) => hurting(c, async () => { await c.worker.disk!.fill(); await held(c.plan.lasts); await c.worker.disk!.free(); return true; }),
  },
  {
    name: 'server clock jumps',
    async hurt({ lab, plan }) { await lab.serverClock!.set(Math.round((plan.choice - 0.5) * 20_000)); await held(plan.lasts); await lab.serverClock!.set(0); return true; },
  },
  {
    name: 'worker clock jumps',
    async hurt({ worker, plan }) { await worker.clock.set(Math.round((plan.choice - 0.5) * 20_000)); await held(plan.lasts); await worker.clock.set(0); return true; },
  },
  { name: 'machine of worker dies', hurt: (c) => hurting(c, () => withoutWorker(c, 'SIGKILL', () => killRuns(c))) },
  {
    name: 'worker state lost',
    // Runs write into the folders meanwhile.
    hurt: (c) => hurting(c, () => withoutWorker(c, 'SIGKILL', () => rm(c.worker.attempts, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 }))),
  },
  {
    name: 'worker restored',
    // An older state of its disk, as after a snapshot: what ran then is dead.
    hurt: (c) => hurting(c, async () => {
      const copy = await copyAttempts(c);
      await held(c.plan.lasts);
      return withoutWorker(c, 'SIGKILL', async () => {
        await killRuns(c);
        await copyBack(c, copy, c.worker.attempts);
      });
    }),
  },
  {
    name: 'old attempts come back',
    // Folders of attempts that are over stand in the worker's state once more; no running job may notice.
    async hurt(c) {
      const copy = await copyAttempts(c);
      await held(c.plan.lasts * 2);
      let found = false;
      await withoutWorker(c, 'SIGKILL', async () => {
        for (const name of await readdir(copy).catch(() => [])) {
          if (existsSync(join(c.worker.attempts, name))) continue;
          await copyBack(c, join(copy, name), join(c.worker.attempts, name));
          found = true;
        }
      });
      return found;
    },
  },
  {
    name: 'server log restored',
    // Logs of running jobs are cut off, or gone, as with an older copy of the disk. What had been acknowledged comes again.
    possible: (lab) => lab.servers.length === 1,
    async hurt({ lab, observer, plan }) {
      const live = (await lab.database.rows<{ job: number }>('select job from attempts where ended_at is null').catch(() => [])).map(({ job }) => job);
      await lab.servers[0]!.end('SIGKILL');
      const stillLive = new Set((await lab.database.rows<{ job: number }>('select job from attempts where ended_at is null').catch(() => [])).map(({ job }) => job));
      const folders = await jobFolders(lab);
      let found = false;
      for (const job of live.filter((id) => stillLive.has(id))) {
        const folder = folders.get(job);
        if (folder === undefined) continue;
        const log = join(folder, 'output.yaml');
        const text = await readFile(log, 'utf8').catch(() => undefined);
        if (text === undefined) continue;
        found = true;
        observer.logsTaken.add(job);
        await rm(join(folder, 'output.idx'), { force: true });
        if (plan.choice < 0.5) await rm(log);
        else await writeFile(log, text.slice(0, Math.floor(text.length * (plan.choice - 0.5) * 2)));
      }
      await lab.ensureServers();
      return found;
    },
  },
  {
    name: 'worker silent for a lease', weight: 0.2,
    hurt: (c) => hurting(c, async () => {
      const { control, log, network } = c.worker;
      await (network ? network.pull() : [control, log].forEach((proxy) => proxy.cut()));
      await held(leaseSeconds * 1000 + 4000);
      await (network ? network.plug() : [control, log].forEach((proxy) => proxy.restore()));
      return true;
    }),
  },
];

/** The kinds that this machine allows, and those that it does not. */
export function possibleFaults(lab: FaultLab): { kinds: readonly Fault[]; missing: readonly string[] } {
  const kinds = faultKinds.filter((kind) => kind.possible?.(lab) ?? true);
  return { kinds, missing: faultKinds.filter((kind) => !kinds.includes(kind)).map((kind) => kind.name) };
}

async function copyAttempts({ lab, worker }: FaultContext): Promise<string> {
  const copy = join(lab.system.root, 'copies', `${worker.name}-${Math.round(performance.now())}`);
  await mkdir(join(copy, '..'), { recursive: true });
  await mkdir(worker.attempts, { recursive: true, mode: 0o700 });
  await lab.copy(worker.attempts, copy).catch(() => undefined);
  return copy;
}
