import type { Part } from '../cache/slot.ts';
import type { Version } from '../cache/entry.ts';

/** Why a file cannot be had. */
export interface Unavailable {
  /** In LAVA's words. */
  readonly text: string;
  /** Reason code. */
  readonly code: string;
}

/** What is there already of a file. */
export interface Have {
  /** All of it, in this version. */
  readonly whole?: Version | undefined;
  /** Its first bytes. They go before `whole`. */
  readonly part?: Part | undefined;
}

/** A stream, or what is like one. */
interface Bytes extends AsyncIterable<Buffer> {
  /** Ends it before its end. */
  destroy(): void;
}

/** A file about to come. */
export interface Opened {
  readonly stream: Bytes;
  /** Bytes of the whole file, if known. */
  readonly size: number | undefined;
  /** Number of the first byte that comes: 0, or where the part that is there ends. */
  readonly from?: number;
  /** By which it is known again later; undefined when the source does not say, or forbids to keep it. */
  readonly version?: Version | undefined;
  /** A later try can go on within this version. */
  readonly resumable?: boolean;
}

/** Where a file to deploy comes from. */
export interface Source {
  /** Name of the action that fetches from it. */
  readonly action: 'http-download' | 'file-download' | 'scp-download' | 'rclone-download' | 'pre-downloaded';
  /** Address as the user gave it, placeholders filled in. */
  readonly url: string;
  /** Whether it is there: undefined, or what is wrong. Lines for the log go to `say`. */
  check(say: (text: string) => void, signal: AbortSignal): Promise<Unavailable | undefined>;
  /** Opens it. @returns 'unchanged' when it is still in the version `have.whole` */
  open(say: (text: string) => void, signal: AbortSignal, have?: Have): Promise<Opened | 'unchanged'>;
}
