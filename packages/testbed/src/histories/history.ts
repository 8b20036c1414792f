import type { Boot, PowerCommand } from './numbered-board.ts';

/** One attempt as the database has it at the end. */
export interface AttemptRecord {
  readonly fence: number;
  readonly device: string;
  readonly worker: string;
  readonly ended: boolean;
  /** The fault that may have made it fail; undefined: none may. */
  readonly excuse?: string;
  /** Number of the first line of its own in the job's log; undefined: it has none there. */
  readonly firstLine?: number;
  /** The journal that it wrote on the worker; undefined: it could not be kept. */
  readonly journal?: readonly string[];
}

/** What is known of a job when a history is over. */
export interface JobRecord {
  readonly id: number;
  /** As LAVA names it: `12`, or `12.0` in a group. */
  readonly number: string;
  readonly name: string;
  readonly group?: string;
  readonly state: string;
  readonly health: string;
  readonly error: string;
  /** Class of the error; empty without one. */
  readonly errorType: string;
  /** Somebody asked for its cancel. */
  readonly canceled: boolean;
  /** How often the audit log says that it finished. */
  readonly finishes: number;
  readonly attempts: readonly AttemptRecord[];
  /** How many attempts its definition allows after the first. */
  readonly retries: number;
  readonly secret: string;
  /** Numbered lines that a board prints in it when it passes. */
  readonly lines: number;
  /** Lines of its log as stored, and how many there were when it was first seen finished. */
  readonly log: readonly string[];
  readonly linesAtEnd?: number;
  /** Most lines that the servers were seen to have taken of it, where several share them. */
  readonly linesTaken?: number;
  /** A fault took its log away: what earlier attempts wrote may be gone. */
  readonly logTaken: boolean;
  /** Results in the database, with the number of the log line each came from. */
  readonly results: readonly { readonly suite: string; readonly name: string; readonly line: number | null }[];
}

/** One look at the database while the history ran. */
export interface Snapshot {
  readonly at: number;
  readonly held: readonly { readonly device: string; readonly attempt: string; readonly worker: string }[];
  /** Groups with the states of their jobs; `Returning` is one that is canceled to be tried again with its group. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

export interface BoardRecord {
  readonly name: string;
  readonly health: string;
  readonly state: string;
  readonly powered: boolean;
  readonly powers: readonly PowerCommand[];
  readonly boots: readonly Boot[];
}

/** All that the checker looks at: plain data, so that a history can be kept, and broken on purpose. */
export interface History {
  readonly seed: number;
  /** Jobs that were accepted. */
  readonly accepted: readonly string[];
  readonly jobs: readonly JobRecord[];
  readonly snapshots: readonly Snapshot[];
  readonly boards: readonly BoardRecord[];
  /** What had not come to rest in time. */
  readonly unrest: readonly string[];
  /** Where a secret was seen that must not be there. */
  readonly leaks: readonly string[];
  /** Terms of the servers that led, in the order in which their changes were stored. */
  readonly terms: readonly number[];
}
