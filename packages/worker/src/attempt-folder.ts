import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import type { AttemptFiles, AttemptRef } from '@lava/link';
import type { ProcessIdentity } from './process-identity.ts';

/** `JOB-FENCE`: key of an attempt and name of its folder. */
export const attemptKey = ({ job, fence }: AttemptRef) => `${job}-${fence}`;

/**
 * What the daemon keeps of an attempt, beside the files of `lava-run`. All of it survives the daemon.
 * `process.json` is written before the start without a process and right after it with one.
 */
export class AttemptFolder {
  readonly path: string;
  readonly ref: AttemptRef;

  constructor(attempts: string, ref: AttemptRef) {
    this.ref = ref;
    this.path = join(attempts, attemptKey(ref));
  }

  file(name: 'job.yaml' | 'device.yaml' | 'dispatcher.yaml' | 'env.yaml' | 'env-dut.yaml' | 'process.json' | 'canceled.json' | 'stdout' | 'stderr' | 'calls.jsonl' | 'answers.jsonl' | 'logs.yaml' | 'description.yaml' | 'result.yaml'): string {
    return join(this.path, name);
  }

  /** Makes the folder with its input files, whole or not at all. Only the daemon's user may look: files hold secrets. */
  async create(files: AttemptFiles): Promise<void> {
    const fresh = `${this.path}.new`;
    await rm(fresh, { recursive: true, force: true });
    try {
      await mkdir(fresh, { recursive: true, mode: 0o700 });
      for (const [name, text] of Object.entries(files)) await writeFile(join(fresh, name), text, { mode: 0o600 });
      await writeFile(join(fresh, 'process.json'), '{}\n', { mode: 0o600 });
      await rename(fresh, this.path);
    } catch (error) {
      await rm(fresh, { recursive: true, force: true }).catch(() => undefined);
      throw error;
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  /** Text of a file, at most `limit` bytes of its end; empty when it is missing. */
  async read(name: Parameters<AttemptFolder['file']>[0], limit = 4 << 20): Promise<string> {
    const bytes = await readFile(this.file(name)).catch(() => Buffer.alloc(0));
    return bytes.subarray(Math.max(0, bytes.length - limit)).toString('utf8');
  }

  async writeJson(name: 'process.json' | 'canceled.json', value: unknown): Promise<void> {
    const fresh = `${this.file(name)}.new`;
    await writeFile(fresh, `${JSON.stringify(value)}\n`, { mode: 0o600 });
    await rename(fresh, this.file(name));
  }

  /** The process of the attempt, when it was noted down. */
  async process(): Promise<ProcessIdentity | undefined> {
    const { pid, started, boot } = parseJson(await this.read('process.json'));
    return typeof pid === 'number' && typeof started === 'string' && typeof boot === 'string' ? { pid, started, boot } : undefined;
  }

  /** When the attempt was canceled: seconds since this machine came up. What an older daemon noted counts as just now. */
  async canceledAt(): Promise<number | undefined> {
    const text = await this.read('canceled.json');
    const { uptime: at } = parseJson(text);
    return typeof at === 'number' ? at : text === '' ? undefined : uptime();
  }
}

function parseJson(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** The folders that an earlier daemon left; half-made ones are removed. */
export async function findAttempts(attempts: string): Promise<AttemptFolder[]> {
  await mkdir(attempts, { recursive: true, mode: 0o700 });
  const found: AttemptFolder[] = [];
  for (const name of await readdir(attempts)) {
    const match = /^(\d+)-(\d+)(\.new)?$/.exec(name);
    if (!match) continue;
    if (match[3]) await rm(join(attempts, name), { recursive: true, force: true });
    else found.push(new AttemptFolder(attempts, { job: Number(match[1]), fence: Number(match[2]) }));
  }
  return found;
}
