import { createReadStream } from 'node:fs';
import { noteworthy } from './records.ts';

/** An action of a job's pipeline, as its log tells it. Lines count from 0. */
export interface ActionOfLog {
  readonly level: string;
  readonly name: string;
  readonly namespace: string;
  readonly start_line: number;
  /** Seconds. */
  readonly timeout: number | null;
  readonly started_at: string;
  end_line: number | null;
  ended_at: string | null;
  failed: boolean;
}

/** The actions of a job that has ended, from its whole log; `path` names the text, one record a line. */
export async function actionsOfLog(path: string): Promise<ActionOfLog[]> {
  const actions: ActionOfLog[] = [];
  const open = new Map<string, ActionOfLog>();
  const lastOfLevel = new Map<string, ActionOfLog>();
  let line = 0;
  for await (const text of linesOf(path)) {
    const noted = noteworthy(text, line);
    line += 1;
    if (noted?.kind === 'start' && !Number.isNaN(Date.parse(noted.at))) {
      const action = { ...noted.action, start_line: noted.line, timeout: noted.timeout, started_at: noted.at, end_line: null, ended_at: null, failed: false };
      actions.push(action);
      open.set(key(noted.action), action);
      lastOfLevel.set(action.level, action);
    } else if (noted?.kind === 'end' && !Number.isNaN(Date.parse(noted.at))) {
      const action = open.get(key(noted.action));
      if (action) Object.assign(action, { end_line: noted.line, ended_at: noted.at });
    } else if (noted?.kind === 'result') {
      const { definition, level, result } = noted.record.msg as Readonly<Record<string, unknown>>;
      const action = definition === 'lava' && result === 'fail' && typeof level === 'string' ? lastOfLevel.get(level) : undefined;
      if (action) action.failed = true;
    }
  }
  return actions;
}

const key = ({ level, name, namespace }: Pick<ActionOfLog, 'level' | 'name' | 'namespace'>) => `${level} ${name} ${namespace}`;

/** Lines end with a line feed and nothing else, unlike those of node:readline. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of createReadStream(path, { encoding: 'utf8', highWaterMark: 256 * 1024 })) {
    const lines = (rest + String(piece)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
