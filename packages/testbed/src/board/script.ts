import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assetFolder, ConfigurationError } from '@lava/base';
import { isMapping, type Mapping } from '@lava/job';
import { loadYaml } from '@lava/yaml';

/** What a board answers to a line that is typed at a prompt. */
interface Answer {
  /** Regular expression that the whole line must match. */
  readonly match: string;
  /** Text that is printed; `{line}` stands for what was typed. */
  readonly print?: string;
  /** The stage that comes next; without it the prompt is shown again. */
  readonly goto?: string;
}

/** One part of the way from power to a shell. What it has is done in this order. */
export interface Stage {
  readonly name: string;
  /** Milliseconds of silence before anything else. */
  readonly delay_ms?: number;
  readonly print?: string;
  /** Waits so long for a key; one that matches leads to another stage. */
  readonly countdown?: { readonly seconds: number; readonly key?: string; readonly goto: string };
  /** Shows a prompt and answers lines until an answer leads elsewhere. */
  readonly prompt?: string;
  readonly commands?: readonly Answer[];
  /** Printed after a line that no answer is for. */
  readonly otherwise?: string;
  /** What is typed is not shown. */
  readonly secret?: boolean;
  /** A program of this machine has the line until it ends, on a terminal of its own; a command line for the shell. */
  readonly program?: string;
  /** The stage after this one; default the next in the list. `stop` ends all. */
  readonly next?: string;
}

/** A board as data. */
export interface BoardScript {
  readonly name: string;
  readonly description?: string;
  /** How its serial server talks: Telnet as ser2net does it (default), or bytes only. */
  readonly serial?: 'telnet' | 'tcp';
  readonly stages: readonly Stage[];
  /** The parts of its device configuration besides `commands`. */
  readonly device?: Mapping;
}

const stageKeys = ['name', 'delay_ms', 'print', 'countdown', 'prompt', 'commands', 'otherwise', 'secret', 'program', 'next'];

/** Reads a board script. @throws ConfigurationError that names everything which is wrong */
export function loadBoardScript(text: string): BoardScript {
  const value = loadYaml(text);
  const problems = [...problemsOf(value)];
  if (problems.length > 0) {
    throw new ConfigurationError(`The board script is not valid: ${problems.join('; ')}`, { code: 'board-script', hint: 'docs/testbed.md says what a board script holds.' });
  }
  return value as unknown as BoardScript;
}

function* problemsOf(value: unknown): Generator<string> {
  if (!isMapping(value) || typeof value['name'] !== 'string') return yield 'it has no name';
  if (value['serial'] !== undefined && value['serial'] !== 'telnet' && value['serial'] !== 'tcp') yield "serial must be 'telnet' or 'tcp'";
  const stages: unknown = value['stages'];
  if (!Array.isArray(stages) || stages.length === 0) return yield 'it has no stages';
  const names = new Set(['stop', ...stages.map((s: unknown) => (isMapping(s) ? s['name'] : undefined))]);
  for (const [i, stage] of stages.entries()) {
    if (!isMapping(stage) || typeof stage['name'] !== 'string') { yield `stage ${i + 1} has no name`; continue; }
    const here = `stage '${stage['name']}'`;
    for (const key of Object.keys(stage)) if (!stageKeys.includes(key)) yield `${here} has the unknown key '${key}'`;
    for (const key of ['print', 'prompt', 'otherwise', 'program', 'next']) if (stage[key] !== undefined && typeof stage[key] !== 'string') yield `${here}: '${key}' must be a text`;
    const { commands = [], countdown } = stage;
    if (!Array.isArray(commands)) { yield `${here}: 'commands' must be a list`; continue; }
    if (countdown !== undefined && (!isMapping(countdown) || typeof countdown['seconds'] !== 'number')) { yield `${here}: 'countdown' needs seconds and goto`; continue; }
    for (const answer of commands) if (!isMapping(answer) || !isPattern(answer['match'])) yield `${here}: every command needs a regular expression 'match'`;
    const targets = [stage['next'], countdown?.['goto'], ...commands.map((c: unknown) => (isMapping(c) ? c['goto'] : undefined))];
    for (const target of targets) if (target !== undefined && !names.has(target)) yield `${here} leads to '${String(target)}', which is no stage`;
  }
}

function isPattern(value: unknown): boolean {
  try {
    return typeof value === 'string' && new RegExp(value) instanceof RegExp;
  } catch {
    return false;
  }
}

/** Names of the boards that come with the testbed. */
export async function shippedBoards(): Promise<string[]> {
  return (await readdir(assetFolder(import.meta.url, 'boards'))).filter((f) => f.endsWith('.yaml')).map((f) => f.slice(0, -'.yaml'.length)).sort();
}

/** Text of a board's script that comes with the testbed. */
export function shippedBoard(name: string): Promise<string> {
  return readFile(join(assetFolder(import.meta.url, 'boards'), `${name}.yaml`), 'utf8');
}
