import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { lavaPaths } from '@lava/base';
import type { LogRecord, Mapping } from '@lava/job';
import { DownloadCache } from '../cache/download-cache.ts';
import { Transfer } from '../fetch/transfer.ts';
import { runTestAction, testAction } from './test-action.ts';

export interface OneFetch {
  readonly block: Mapping;
  /** Folder that stands for /, with the cache of the worker below it. */
  readonly root: string;
  /** Where the file goes. */
  readonly file: string;
  readonly label?: string;
  readonly reads?: boolean;
  readonly size?: string;
  readonly secrets?: Mapping;
  /** How often the action is tried. */
  readonly tries?: number;
}

const timeouts = { job: { minutes: 10 }, action: { minutes: 10 } };

/** A download as a job of its own does it: check, download, and the end of the job, when all is kept that will be. */
export async function fetchOnce({ block, root, file, label = 'image', reads = false, size, secrets = {}, tries = 1 }: OneFetch) {
  const records: LogRecord[] = [];
  const folder = `${file}-job`;
  const cache = await DownloadCache.open(lavaPaths(root), size, join(folder, 'scratch'), () => undefined);
  const transfer = new Transfer({ label, block, reads });
  const action = () => testAction(folder, {
    records, context: { cache, definition: { secrets, timeouts } },
    spec: { name: 'http-download', summary: 'download', validate: (a) => transfer.validate(a), run: async (a) => { await transfer.run(a, file); } },
  });
  let a = action();
  await a.spec.validate?.(a);
  const problems = [...a.errors];
  let failure: unknown;
  for (let n = 0; n < tries && problems.length === 0; n += 1) {
    if (n > 0) a = action();
    failure = await runTestAction(a).then(() => undefined, (error: unknown) => error);
    if (failure === undefined) break;
  }
  await cache.close();
  rmSync(folder, { recursive: true, force: true });
  return { problems, failure, results: a.results, lines: records.filter((record) => typeof record.msg === 'string').map((record) => record.msg as string) };
}
