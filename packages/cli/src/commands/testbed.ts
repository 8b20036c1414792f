import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { Board, faultKinds, loadBoardScript, parseFault, shippedBoard, shippedBoards } from '@lava/testbed/board';
import { dumpYaml } from '@lava/yaml';
import { CliError, exitStatus } from '../exit.ts';
import type { GlobalOptions } from './context.ts';
import { runLocally } from './run.ts';
import { readText } from './read-file.ts';

export interface TestbedOptions extends GlobalOptions {
  readonly fault?: readonly string[];
  readonly job?: string;
  readonly device?: string;
  readonly templates?: string;
  readonly serialPort?: string;
  readonly pduPort?: string;
}

/** `lava testbed [BOARD]`: a scripted board to try jobs and device types on; without a board, what there is. */
export async function testbed(name: string | undefined, options: TestbedOptions): Promise<number> {
  if (name === undefined) return list();
  const script = loadBoardScript(await scriptText(name));
  const board = await Board.start(script, {
    faults: (options.fault ?? []).map(parseFault), ...(options.serialPort && { serialPort: Number(options.serialPort) }), ...(options.pduPort && { pduPort: Number(options.pduPort) }),
  });
  const folder = await mkdtemp(join(tmpdir(), 'lava-testbed-'));
  try {
    const device = await writeDevice(folder, board, options.device);
    if (options.job !== undefined) {
      const templates = options.templates ?? (options.device && dirname(options.device));
      return await runLocally(options.job, { ...options, device, ...(templates !== undefined && { templates }) });
    }
    // Listened for before anybody is told to press it.
    const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    process.stdout.write(`The board '${script.name}' is there, without power. Its device configuration:\n  ${device}\nIts lines for a device dictionary:\n\n${dictionaryLines(board)}\nCtrl-C ends it.\n`);
    await ended;
    return exitStatus.ok;
  } finally {
    await board.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function list(): Promise<number> {
  const boards = await Promise.all((await shippedBoards()).map(async (name) => `  ${name.padEnd(12)} ${loadBoardScript(await shippedBoard(name)).description ?? ''}\n`));
  const faults = Object.entries(faultKinds).map(([kind, meaning]) => `  ${kind.padEnd(12)} ${meaning}\n`);
  process.stdout.write(`Boards (or the file of one of yours):\n${boards.join('')}\nFaults (--fault KIND@STAGE):\n${faults.join('')}`);
  return exitStatus.ok;
}

async function scriptText(name: string): Promise<string> {
  if (/\.ya?ml$/.test(name) || existsSync(name)) return readText(name);
  if ((await shippedBoards()).includes(name)) return shippedBoard(name);
  throw new CliError(`There is no board '${name}'`, exitStatus.usage, `Name a file, or one of: ${(await shippedBoards()).join(', ')}.`);
}

/** The board's own configuration, or a dictionary with the board's lines and power switch below those it has. */
async function writeDevice(folder: string, board: Board, dictionary: string | undefined): Promise<string> {
  const file = join(folder, dictionary === undefined ? 'board.yaml' : 'board.jinja2');
  if (dictionary !== undefined && extname(dictionary) !== '.jinja2') throw new CliError(`${dictionary} is no device dictionary`, exitStatus.usage, 'Name a file that ends with .jinja2.');
  await writeFile(file, dictionary === undefined ? dumpYaml(board.device) : `${await readFile(dictionary, 'utf8')}\n${dictionaryLines(board)}`);
  return file;
}

function dictionaryLines(board: Board): string {
  const { connect, ...power } = board.commands;
  return Object.entries({ connection_command: connect, ...Object.fromEntries(Object.entries(power).map(([name, command]) => [`${name}_command`, command])) })
    .map(([name, command]) => `{% set ${name} = ${JSON.stringify(command)} %}\n`).join('');
}
