import { existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InfrastructureError, LavaError, messageOf } from '@lava/base';
import { isMapping, mappingAt, timeoutSeconds, type Mapping } from '@lava/job';
import { dumpYaml, loadYaml } from '@lava/yaml';
import { endProcesses, isRunning, processesWithEnvironment, processTree, type ProcessId } from './process/process-tree.ts';
import { shellSplit } from './text/shell-split.ts';
import { endNoted } from './containers/run-container.ts';
import { Journal } from './log/journal.ts';
import { writeWhole } from './log/write-whole.ts';
import { asText } from './text/as-text.ts';
import { execProgram } from './pipeline/exec.ts';
import { deviceCommand } from './power/device-command.ts';
import { leftScratch, removeScratch } from './scratch.ts';

/** Seconds for all power-off commands together, if the device does not say how long one may take. */
const powerOffSeconds = 30;

/**
 * Completes what a `lava-run` that was killed left open: ends its processes, switches the device off, removes its
 * temporary files, closes its log with the job's result and writes result.yaml. Does nothing when there is a result already.
 * @param options.outputDir folder of the attempt: process.json, job.yaml, device.yaml and what `lava-run` wrote
 * @param options.reason what is known of the death, for the job's log
 */
export async function finishDeadRun(options: { readonly outputDir: string; readonly reason: string }): Promise<{ poweredOff: boolean }> {
  const at = (name: string) => join(options.outputDir, name);
  if (existsSync(at('result.yaml'))) return { poweredOff: (await readMapping(at('power.json')))['poweredOff'] !== false };

  await endLeftovers(options.outputDir);
  const logs = at('logs.yaml');
  const closed = await dropTornLine(logs);
  const message = `The dispatcher process died before the end of the job: ${options.reason}`;
  const failure = new InfrastructureError(message, { code: 'dispatcher-died' });
  const record = { definition: 'lava', case: 'job', result: 'fail', error_msg: failure.message, error_type: failure.type, error_code: failure.code };
  const journal = new Journal({ path: logs });
  journal.mask(Object.values(mappingAt(await readMapping(at('job.yaml')), 'secrets') ?? {}).map(asText));
  try {
    journal.error(message);
    const poweredOff = await switchOff(await readMapping(at('device.yaml')), journal);
    const scratch = await leftScratch(options.outputDir);
    if (scratch !== undefined) {
      await endNoted(scratch, journal, ownEnvironment());
      await removeScratch(scratch, journal, options.outputDir);
    }
    if (!closed) {
      journal.error(failure.help);
      journal.results(record);
    }
    journal.close();
    await writeWhole(at('power.json'), JSON.stringify({ poweredOff }));
    await writeWhole(at('result.yaml'), dumpYaml(record));
    return { poweredOff };
  } finally {
    journal.close();
  }
}

/** Ends the process itself, its group and session, and everything that carries the attempt's mark in its environment. */
async function endLeftovers(outputDir: string): Promise<void> {
  const { pid, started, boot } = await readMapping(join(outputDir, 'process.json'));
  const found: ProcessId[] = processesWithEnvironment({ LAVA_ATTEMPT: resolve(outputDir) });
  const now = (await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => '')).trim();
  if (typeof pid === 'number' && (boot === undefined || boot === now)) {
    // The number may belong to somebody else by now; a group or session of that number can only be the old one.
    const tree = processTree(pid);
    const stranger = tree.some((p) => p.pid === pid) && !isRunning({ pid, startTime: String(started) });
    if (!stranger) found.push(...tree);
  }
  await endProcesses(found.filter((p) => p.pid !== process.pid), 500);
}

/** @returns whether the last record is the job's result */
async function dropTornLine(path: string): Promise<boolean> {
  const file = await open(path, 'a+');
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, 1 << 20));
    await file.read(tail, 0, tail.length, size - tail.length);
    const end = tail.lastIndexOf(0x0a) + 1;
    if (end < tail.length) await file.truncate(size - tail.length + end);
    const lastLine = tail.subarray(tail.lastIndexOf(0x0a, end - 2) + 1, end).toString();
    return lastLine.includes('"lvl": "results"') && lastLine.includes('"definition": "lava", "case": "job"');
  } finally {
    await file.close();
  }
}

async function switchOff(device: Mapping, log: Journal): Promise<boolean> {
  try {
    const commands = deviceCommand(device, 'power_off') ?? [];
    const seconds = timeoutSeconds(mappingAt(device, 'timeouts', 'actions')?.['power-off'], powerOffSeconds);
    const signal = AbortSignal.timeout(seconds * 1000);
    for (const command of commands) await execProgram({ log, signal, job: { environment: ownEnvironment() } }, shellSplit(command));
    return true;
  } catch (error) {
    log.error(`Unable to power-off the device: ${error instanceof LavaError ? error.message : messageOf(error)}`);
    return false;
  }
}

function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter((e): e is [string, string] => e[1] !== undefined));
}

async function readMapping(path: string): Promise<Mapping> {
  try {
    const value = loadYaml(await readFile(path, 'utf8'));
    return isMapping(value) ? value : {};
  } catch {
    return {};
  }
}
