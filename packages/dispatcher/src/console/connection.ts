import type { ExpectOptions, Match } from '../expect/expect-stream.ts';
import type { Pattern } from '../expect/pattern.ts';

/** A line to a device: what it prints goes to the job's log as it comes, whether anybody waits for it or not. */
export interface Connection {
  /** Namespace that opened it. */
  readonly namespace: string;
  /** Tags of the device's connection: `primary`, `telnet`, `ssh`, `shell` …; `qemu` for a QEMU process. */
  readonly tags: readonly string[];
  readonly alive: boolean;
  /** Regular expressions that tell the shell is ready; set by boot actions, used by tests. */
  prompts: readonly string[];
  /** What `sendLine` types after the line: `\n`, or `\r\n` for some firmware. */
  lineEnd: string;
  /** Types text as it is. */
  send(text: string, options?: { delayMs?: number }): Promise<void>;
  /** Types a line; logs `Sending line: '…'` and the input record. `delayMs` is the pause after each character. */
  sendLine(line: string, options?: { delayMs?: number }): Promise<void>;
  /**
   * Waits for the first of `patterns`; ConnectionClosedError when the line ends first. The log has the console's lines up to
   * the match then; what has come after it is logged when the next wait begins, or in a moment.
   */
  expect(patterns: readonly Pattern[], options: ExpectOptions): Promise<Match>;
  /** Waits for one of `prompts`. */
  waitPrompt(options: ExpectOptions): Promise<Match>;
  /** Logs the line that the device has begun, if there is one: what is logged next comes after it. */
  logUnfinishedLine(): void;
  /** Reads until nothing has come for `quietMs`, or `longestMs` are over; what comes goes to the log. */
  drain(quietMs: number, longestMs?: number): Promise<void>;
  /** Ends it, by force after a moment. Never rejects. */
  close(): Promise<void>;
}
