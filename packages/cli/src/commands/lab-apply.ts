import { createInterface } from 'node:readline/promises';
import { isEmptyPlan, printPlan } from '@lava/lab';
import { CliError, exitStatus } from '../exit.ts';
import { style } from '../print/style.ts';
import { connect, print, type GlobalOptions } from './context.ts';
import { planOnServer } from './lab-diff.ts';
import { readLabFile, tellProblems, type PlanAnswer } from './lab-file.ts';

interface ApplyOptions extends GlobalOptions {
  readonly prune?: boolean;
  readonly yes?: boolean;
  readonly revision?: string;
}

/** `lava lab apply FILE`: shows the plan, asks, and has the server do all of it or nothing. */
export async function applyLab(path: string, options: ApplyOptions): Promise<number> {
  const file = await readLabFile(path);
  const planned = await planOnServer(file, options);
  tellProblems(file, planned.problems);
  if (!options.json) process.stdout.write(printPlan(planned.plan, { paint: style }));
  if (isEmptyPlan(planned.plan)) {
    print(options, planned, () => 'Nothing to do.\n');
    return exitStatus.ok;
  }
  if (options.revision === undefined && !options.yes) await agree();
  const { text: lab, files } = file;
  // With a revision, somebody has looked at the plan before; the server refuses if the lab is another one now.
  const done = await (await connect(options)).post<PlanAnswer>('/lab/apply', { lab, files, prune: options.prune ?? false, revision: options.revision ?? planned.revision });
  print(options, done, () => 'Done.\n');
  return exitStatus.ok;
}

async function agree(): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new CliError('nobody is here to agree to this plan', exitStatus.usage, 'Look at it with "lava lab diff", then give the --revision that it names; or --yes.');
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question('Apply this? [y/N] ');
    if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('not applied', exitStatus.failed);
  } finally {
    terminal.close();
  }
}
