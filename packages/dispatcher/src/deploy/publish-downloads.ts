import { relative } from 'node:path';
import type { Action } from '../pipeline/action.ts';
import { downloadedFiles, setTftpFile } from '../pipeline/namespace-data.ts';
import { tftpRoot } from './serve-tftp.ts';

/** Notes where devices find what was fetched. To be called when it is there under its final name. */
export function publishDownloads(a: Action): void {
  for (const [label, { file }] of a.get(downloadedFiles) ?? []) {
    const path = relative(tftpRoot(a.job), file);
    if (!path.startsWith('..')) setTftpFile(a, label, path);
  }
}
