import { JobError } from '@lava/base';
import { downloadedFiles, type Downloaded } from '../pipeline/namespace-data.ts';
import type { Action } from '../pipeline/action.ts';

/** What the deploy block fetched, to be written to the board. @throws JobError when it fetched nothing */
export function imageFiles(a: Action): ReadonlyMap<string, Downloaded> {
  const files = a.get(downloadedFiles);
  if (files && files.size > 0) return files;
  throw new JobError('No images found to flash', { code: 'flash-image-missing', hint: "A deploy block of the same namespace must fetch them, mostly with 'to: tmpfs'." });
}

/** Fills `{label}` with the path of a file. @param upper names in capitals, as some tools have them */
export function fillFiles(text: string, files: ReadonlyMap<string, Downloaded>, upper = false): string {
  let filled = text;
  for (const [label, { file }] of files) filled = filled.replaceAll(`{${upper ? label.toUpperCase() : label}}`, () => file);
  return filled;
}
