import type { Readable } from 'node:stream';

/** A place for files that all servers reach: a bucket, or a folder that they all mount. Names have slashes. */
export interface ObjectStore {
  /** For the log of the server. */
  readonly place: string;
  /** Stores a whole file under a name, instead of what was there; nobody ever sees a part of it. */
  put(name: string, content: Buffer | { readonly path: string }): Promise<void>;
  /** Undefined if there is none. */
  get(name: string): Promise<Readable | undefined>;
  /** Names that begin with `prefix`. */
  list(prefix: string): Promise<string[]>;
  remove(names: readonly string[]): Promise<void>;
}
