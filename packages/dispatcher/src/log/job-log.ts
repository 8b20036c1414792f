import type { LogRecord, LogValue } from '@lava/job';

/** The log of one job. Every call is one record (console text: one per line), written in order to the journal. */
export interface JobLog {
  debug(msg: LogValue): void;
  info(msg: LogValue): void;
  warning(msg: LogValue): void;
  error(msg: LogValue): void;
  exception(msg: LogValue): void;
  /** What is typed to the device. */
  input(text: string): void;
  /** One line of the device's console, without its line end. */
  target(line: string): void;
  /** One console line of another namespace. */
  feedback(line: string, namespace: string): void;
  /** Text of a TESTEVENT signal. */
  event(text: string): void;
  /** A result record; the server makes a test case of it. */
  results(record: { readonly definition: string; readonly case: string; readonly result: string; readonly [key: string]: LogValue | undefined }): void;
  /** Number of records so far: the number that the next record will have. */
  readonly count: number;
  /** Hides these values from now on in every record (`[MASKED]`). */
  mask(values: readonly string[]): void;
}

/** Sees each record as it is written, e.g. to show it in a terminal. */
export type LogListener = (record: LogRecord) => void;
