import { applyPlan, emptyLab, isEmptyPlan, planLab, printPlan } from '@lava/lab';
import { exitStatus } from '../exit.ts';
import { style } from '../print/style.ts';
import { connect, print, type GlobalOptions } from './context.ts';
import { readLabFile, tellProblems, type LabFile, type PlanAnswer } from './lab-file.ts';

interface DiffOptions extends GlobalOptions {
  readonly prune?: boolean;
  readonly against?: string;
}

/** `lava lab diff FILE`: what applying it would do. Like `diff`, 1 means that there is something. */
export async function diffLab(path: string, options: DiffOptions): Promise<number> {
  const file = await readLabFile(path);
  const answer = options.against === undefined ? await planOnServer(file, options) : await planAgainst(file, options.against, options);
  if (!options.json) tellProblems(file, answer.problems);
  print(options, answer, () => printPlan(answer.plan, { paint: style }) + advice(path, answer, options));
  if (answer.problems.some((p) => p.severity === 'error')) return exitStatus.usage;
  return isEmptyPlan(answer.plan) ? exitStatus.ok : exitStatus.failed;
}

export async function planOnServer({ text, files }: LabFile, options: DiffOptions): Promise<PlanAnswer> {
  return (await connect(options)).post<PlanAnswer>('/lab/plan', { lab: text, files, prune: options.prune ?? false });
}

/** The same without a server: what the file would change in a lab that was exported. */
async function planAgainst(file: LabFile, against: string, { prune }: DiffOptions): Promise<PlanAnswer> {
  const exported = await readLabFile(against);
  tellProblems(exported, exported.read.problems);
  const { lab, problems } = file.read;
  const current = applyPlan(emptyLab(), planLab(emptyLab(), exported.read.lab!));
  return { revision: '', problems, plan: lab ? planLab(current, lab, { prune }) : [] };
}

const advice = (path: string, { plan, revision }: PlanAnswer, { prune }: DiffOptions) =>
  (revision === '' || isEmptyPlan(plan) ? '' : `To do exactly this: lava lab apply ${path}${prune ? ' --prune' : ''} --revision ${revision}\n`);
