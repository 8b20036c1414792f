import type { AttemptEnd } from '@lava/link';
import { loadYaml } from '@lava/yaml';
import type { AttemptFolder } from './attempt-folder.ts';

/** Bytes of stderr and of error messages that are reported; they become the job's failure comment. */
const longestErrors = 16 * 1024;
const longestDescription = 4 << 20;

/**
 * How an attempt ended, from the files that `lava-run` left. A missing result.yaml is a failure, as for LAVA's worker; so is
 * a log of fewer records than were written, since nobody knows the results in the others.
 * @param logLines records that the server has
 */
export async function readEnd(folder: AttemptFolder, logLines: number): Promise<Omit<AttemptEnd, 'logLines' | 'poweredOff'>> {
  const result = await readMapping(folder, 'result.yaml');
  const passed = result['result'] === 'pass';
  const lost = typeof result['log_lines'] === 'number' ? result['log_lines'] - logLines : 0;
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const end = passed && lost > 0
    ? { result: 'fail', errorType: 'Infrastructure', errorMessage: `The job passed, but ${lost} records of its log were lost on the worker: files in ${folder.path} were removed or replaced` } as const
    : { result: passed ? 'pass' : 'fail', errorType: passed ? '' : text(result['error_type']) || 'Bug', errorMessage: text(result['error_msg']).slice(0, longestErrors) } as const;
  return {
    ...end,
    errors: await folder.read('stderr', longestErrors),
    description: await folder.read('description.yaml', longestDescription),
  };
}

/** Did `lava-run` come to its end? It writes result.yaml last. */
export async function hasResult(folder: AttemptFolder): Promise<boolean> {
  return 'result' in await readMapping(folder, 'result.yaml');
}

/** Seconds that the pipeline's own finalize action may take, from description.yaml; 0 while that is not written. */
export async function finalizeTimeout(folder: AttemptFolder): Promise<number> {
  const find = (value: unknown, depth: number): number => {
    if (typeof value !== 'object' || value === null || depth > 8) return 0;
    const { name, timeout } = value as { name?: unknown; timeout?: unknown };
    if (name === 'finalize' && typeof timeout === 'number') return timeout;
    return Math.max(0, ...Object.values(value).map((v) => find(v, depth + 1)));
  };
  return find(await readMapping(folder, 'description.yaml'), 0);
}

async function readMapping(folder: AttemptFolder, name: 'result.yaml' | 'description.yaml'): Promise<object & Record<string, unknown>> {
  try {
    const value = loadYaml(await folder.read(name, longestDescription));
    return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {};
  } catch {
    return {};
  }
}
