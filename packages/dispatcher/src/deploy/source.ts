import type { Readable } from 'node:stream';

/** Where a file to deploy comes from. */
export interface Source {
  /** Name of the action that fetches from it. */
  readonly action: 'http-download' | 'file-download';
  /** Address as the user gave it, placeholders filled in. */
  readonly url: string;
  /** Whether it is there: undefined, or what is wrong in LAVA's words. Lines for the log go to `say`. */
  check(say: (text: string) => void, signal: AbortSignal): Promise<string | undefined>;
  /** Opens it. `size`: bytes to come, if known. */
  open(say: (text: string) => void, signal: AbortSignal): Promise<{ stream: Readable; size: number | undefined }>;
}
