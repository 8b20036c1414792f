import type { Readable } from 'node:stream';

/** Why a file cannot be had. */
export interface Unavailable {
  /** In LAVA's words. */
  readonly text: string;
  /** Reason code. */
  readonly code: string;
}

/** Where a file to deploy comes from. */
export interface Source {
  /** Name of the action that fetches from it. */
  readonly action: 'http-download' | 'file-download' | 'scp-download' | 'rclone-download' | 'pre-downloaded';
  /** Address as the user gave it, placeholders filled in. */
  readonly url: string;
  /** Whether it is there: undefined, or what is wrong. Lines for the log go to `say`. */
  check(say: (text: string) => void, signal: AbortSignal): Promise<Unavailable | undefined>;
  /** Opens it. `size`: bytes to come, if known. */
  open(say: (text: string) => void, signal: AbortSignal): Promise<{ stream: Readable; size: number | undefined }>;
}
