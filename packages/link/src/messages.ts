/**
 * Every message between a worker and the server, in one file.
 *
 * Two connections, both dialled by the worker: control (5556) and log (5555). A message is a list of frames:
 * `[type, JSON header, binary…]`. The server's sockets are ROUTER with identities that ZeroMQ assigns, so that nobody
 * can take another's address; who speaks is settled by the greeting, which opens a session (docs/link.md).
 *
 * The words are those of LAVA's own ZeroMQ protocol (2015–2020): HELLO, HELLO_OK, PING, PONG, START, START_OK, END,
 * END_OK, CANCEL, STATUS.
 */

/**
 * Version of the vocabulary below. The greeting tells the oldest and the newest version that a worker speaks, and the
 * session has the newest that both sides do. Versions 1 to 3 were LAVA's own, with other frames; 4 was the first of
 * these; 5 has CALL and ANSWER; 6 tells workers of all servers, and the server how its workers are.
 */
export const protocolVersion = 6;

/** The oldest version that is still spoken: the second before the newest. */
export const oldestProtocol = 4;

/** Since this version a running job can ask its multinode group something. */
export const callsSince = 5;

/** Since this version HELLO_OK may name all servers. */
export const serversSince = 6;

/** Since this version PING may say how the worker is, and both sides say what time it is. */
export const statusSince = 6;

/** An attempt: one try to run a job. Messages about an old fence change nothing. */
export interface AttemptRef {
  readonly job: number;
  readonly fence: number;
}

/** Where one server listens for workers: `tcp://HOST:5556` and `tcp://HOST:5555`. */
export interface ServerAddress {
  readonly master: string;
  readonly logger: string;
}

/** Most servers that HELLO_OK names. */
export const mostServers = 32;

/** Bytes of a file system. */
export interface DiskSpace {
  /** That a program which is not root's could still write. */
  readonly free: number;
  readonly total: number;
}

/** How a worker is. */
export interface WorkerStatus {
  /** File system of the folder with its attempts. */
  readonly disk: DiskSpace;
  /** File system of the downloads that it keeps, and how often a file was there or had to be fetched since the worker started. */
  readonly cache: DiskSpace & { readonly hits: number; readonly misses: number };
  /** Average number of processes that wanted to run in the last minute. */
  readonly load: number;
  /** Attempts whose run lives. */
  readonly running: number;
  /** Milliseconds by which the worker's clock is ahead of the server's; absent: not known yet. */
  readonly clockAhead?: number;
}

/** A mapping that the link carries without a look. */
export type Opaque = Readonly<Record<string, unknown>>;

/** What a job needs to run, all as YAML text; empty where there is none. Written to files of these names. */
export interface AttemptFiles {
  readonly 'job.yaml': string;
  readonly 'device.yaml': string;
  readonly 'dispatcher.yaml': string;
  readonly 'env.yaml': string;
  readonly 'env-dut.yaml': string;
}

/** How an attempt ended, from the files that `lava-run` left. */
export interface AttemptEnd {
  readonly result: 'pass' | 'fail';
  /** `error_type` of result.yaml; empty on success. */
  readonly errorType: string;
  readonly errorMessage: string;
  /** stderr of `lava-run`: becomes the job's failure comment. */
  readonly errors: string;
  /** description.yaml; empty when the run died before writing it. */
  readonly description: string;
  /** Number of records of the complete log; the server has acknowledged them all before END is sent. */
  readonly logLines: number;
  /** False when the run died and its power-off could not be run or failed: the device must not be used unchecked. */
  readonly poweredOff: boolean;
}

/** Worker → server on the control connection. */
export type WorkerMessage =
  | { readonly type: 'HELLO'; readonly version: string; readonly hostname: string;
      /** The oldest version it speaks; a server of version 4 knows only this field. */
      readonly protocol: number;
      /** The newest version it speaks; absent: `protocol` is the only one. */
      readonly newest?: number;
      /** Optional abilities of this worker, e.g. `qemu-x86_64`, `debugfs`. */
      readonly capabilities: readonly string[];
      /** Random text of this process; a second process of one hostname has another. */
      readonly instance: string;
      /** Answer to the last CHALLENGE, absent in the first HELLO and on plain connections. */
      readonly proof?: string; readonly challenge?: string }
  | { readonly type: 'PING'; readonly session: string; /** Attempts that this worker holds; renews their leases. */ readonly attempts: readonly AttemptRef[];
      /** Not in every PING. Since version 6. */
      readonly status?: WorkerStatus;
      /** By the worker's clock: milliseconds since 1970. Since version 6. */
      readonly sent?: number }
  | ({ readonly type: 'START_OK'; readonly session: string } & AttemptRef)
  /** The attempt could not be started at all (disk full, no lava-run): the server ends it as Infrastructure. */
  | ({ readonly type: 'START_FAILED'; readonly session: string; readonly reason: string } & AttemptRef)
  | ({ readonly type: 'END'; readonly session: string } & AttemptRef & AttemptEnd)
  /**
   * A running job asks the other members of its group something; sent again until it is answered. What is asked and
   * answered is between `lava-run` and the server (`@lava/job` group-calls.ts).
   */
  | ({ readonly type: 'CALL'; readonly session: string; /** Number of the call in this attempt. */ readonly call: number; readonly request: Opaque } & AttemptRef)
  /** Answer to STATUS for an attempt this worker knows nothing of. */
  | ({ readonly type: 'UNKNOWN'; readonly session: string } & AttemptRef)
  | { readonly type: 'BYE'; readonly session: string };

/** Server → worker on the control connection. */
export type ServerMessage =
  | { readonly type: 'CHALLENGE'; readonly challenge: string }
  | { readonly type: 'HELLO_OK'; /** Of this session. */ readonly protocol: number; readonly version: string; readonly session: string;
      /** Seconds between PINGs. */ readonly interval: number; readonly capabilities: readonly string[];
      /** All servers that may lead; absent: the worker goes on with those that it knows. Since version 6. */
      readonly servers?: readonly ServerAddress[] }
  | { readonly type: 'REFUSED'; readonly reason: string; /** False: do not try again by yourself. */ readonly retry: boolean }
  /** That session is not (or no longer) known: greet again. */
  | { readonly type: 'GREET'; readonly session: string }
  /** Answer with a PING at once: a second process claims this hostname, and the server wants to know whether the first lives. */
  | { readonly type: 'PROBE' }
  | { readonly type: 'PONG'; readonly interval: number;
      /** As the PING said, and by the server's clock: milliseconds since 1970. Since version 6. */
      readonly sent?: number; readonly time?: number }
  | ({ readonly type: 'START'; readonly files: AttemptFiles } & AttemptRef)
  | ({ readonly type: 'CANCEL' } & AttemptRef)
  | ({ readonly type: 'STATUS' } & AttemptRef)
  | ({ readonly type: 'ANSWER'; readonly call: number; readonly answer: Opaque } & AttemptRef)
  /** The end is stored: the worker deletes what it kept of the attempt. */
  | ({ readonly type: 'END_OK' } & AttemptRef);

/**
 * Worker → server on the log connection: complete records as `lava-run` wrote them, in the binary frame.
 * With `count` 0 it asks how many records the server has; so does a worker after each new session.
 * The server drops what it has already (`index` below its count), answers a gap (`index` above it) with LOG_OK and its
 * own count, and otherwise answers when the records are on its disk.
 */
export interface LogMessage extends AttemptRef {
  readonly type: 'LOG';
  readonly session: string;
  /** Number of the first record in the frame. */
  readonly index: number;
  /** How many records are in the frame; each ends with a line feed. */
  readonly count: number;
}

/** Server → worker on the log connection. */
export type LogReply =
  /** All records below `lines` are on the server's disk; the worker goes on from there. */
  | ({ readonly type: 'LOG_OK'; readonly lines: number } & AttemptRef)
  /** The attempt is over or replaced; its records are not wanted any more. */
  | ({ readonly type: 'LOG_REFUSED'; readonly reason: string } & AttemptRef)
  | { readonly type: 'GREET'; readonly session: string };
