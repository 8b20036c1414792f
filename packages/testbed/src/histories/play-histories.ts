import { checkHistory, type Violation } from './check-history.ts';
import { possibleFaults } from './fault-kinds.ts';
import { FaultLab } from './fault-lab.ts';
import type { History } from './history.ts';
import { planHistory, serversOf, type HistoryPlan } from './plan.ts';
import { runHistory } from './run-history.ts';

export interface PlayOptions {
  /** Seed of the first history; the others follow by one. */
  readonly seed: number;
  readonly histories: number;
  /** Systems that play side by side, each one history after the other. */
  readonly labs: number;
  /** Kinds of faults to choose from; all that are possible without it. */
  readonly only?: readonly string[];
  /** Number of servers in all histories; by the seed without it. */
  readonly servers?: 1 | 2;
  say(line: string): void;
  /** Called for a history in which a rule was broken. */
  broken?(history: History, violations: readonly Violation[], lab: FaultLab): Promise<void>;
}

export interface Summary {
  readonly violations: readonly { readonly seed: number; readonly violation: Violation }[];
  /** How often each kind of fault happened. */
  readonly faults: ReadonlyMap<string, number>;
  readonly jobs: number;
  readonly histories: number;
}

/** Plays histories and checks each. A lab in which something went wrong is given up and a new one is made. */
export async function playHistories(options: PlayOptions): Promise<Summary> {
  const { say } = options;
  const violations: { seed: number; violation: Violation }[] = [];
  const faults = new Map<string, number>();
  let jobs = 0;
  let played = 0;
  let next = 0;
  const told = new Set<number>();
  const work = async (n: number): Promise<void> => {
    // One with each number of servers, from its first history on.
    const labs = new Map<number, FaultLab>();
    try {
      while (next < options.histories) {
        const seed = options.seed + next++;
        const servers = options.servers ?? serversOf(seed);
        const lab = labs.get(servers) ?? await FaultLab.open(20, servers);
        labs.set(servers, lab);
        const { kinds, missing } = possibleFaults(lab);
        if (!told.has(servers) && missing.length > 0) say(`Not possible here with ${servers === 1 ? 'one server' : `${servers} servers`}: ${missing.join(', ')}`);
        told.add(servers);
        const plan = planHistory(seed, options.only ? kinds.filter((k) => options.only!.includes(k.name)) : kinds);
        const started = performance.now();
        const { history, happened } = await runHistory(lab, plan).catch((error: unknown) => ({ history: undone(seed, error), happened: [] }));
        const found = checkHistory(history);
        played += 1;
        jobs += history.jobs.length;
        for (const kind of happened) faults.set(kind, (faults.get(kind) ?? 0) + 1);
        say(`seed ${seed}, lab ${n}${servers === 1 ? '' : `, ${servers} servers`}: ${history.jobs.length} jobs (${healths(history)}), ${describe(plan)}; ${((performance.now() - started) / 1000).toFixed(1)} s${found.length > 0 ? `, ${found.length} VIOLATIONS` : ''}`);
        for (const violation of found) { violations.push({ seed, violation }); say(`  ${violation.rule}: ${violation.text}`); }
        if (found.length === 0) continue;
        await options.broken?.(history, found, lab);
        labs.delete(servers);
        await lab.close();
      }
    } finally {
      for (const lab of labs.values()) await lab.close();
    }
  };
  // Each lab is closed before anything that went wrong with one of them is told.
  for (const end of await Promise.allSettled(Array.from({ length: options.labs }, (_, n) => work(n + 1)))) if (end.status === 'rejected') throw end.reason;
  say(`${played} histories, ${jobs} jobs, ${violations.length} violations. Faults: ${[...faults].sort((a, b) => b[1] - a[1]).map(([kind, count]) => `${kind} ${count}`).join(', ')}`);
  return { violations, faults, jobs, histories: played };
}

/** What is left when a history could not be played to its end. */
const undone = (seed: number, error: unknown): History => ({
  seed, accepted: [], jobs: [], snapshots: [], boards: [], leaks: [], terms: [], unrest: [`the history could not be played: ${error instanceof Error ? error.stack : String(error)}`],
});

const describe = ({ faults, cancels }: HistoryPlan) => [
  ...faults.map(({ kind, at, lasts, worker }) => `${kind} (w${worker + 1}) at ${at} for ${lasts} ms`), ...cancels.map(({ at, job }) => `cancel of ${job} at ${at} ms`),
].join(', ');

function healths({ jobs }: History): string {
  const counts = new Map<string, number>();
  for (const { health } of jobs) counts.set(health, (counts.get(health) ?? 0) + 1);
  const again = jobs.reduce((sum, { attempts }) => sum + Math.max(0, attempts.length - 1), 0);
  return [...[...counts].map(([health, n]) => `${n} ${health}`), ...(again > 0 ? [`${again} tried again`] : [])].join(', ');
}
