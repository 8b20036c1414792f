import type { Kysely } from 'kysely';
import type { LavaPaths } from '@lava/base';
import type { Change } from '../store/change.ts';
import type { Database } from '../store/database.ts';
import type { Report } from './report.ts';
import type { Source } from './source.ts';

/** What every step of an import works with. */
export interface ImportParts {
  readonly source: Source;
  readonly db: Kysely<Database>;
  readonly paths: LavaPaths;
  readonly report: Report;
  /** Nothing is copied, and what is stored is taken back. */
  readonly dryRun: boolean;
  change<T>(work: (change: Change) => Promise<T>): Promise<T>;
  /** Says how far it is. */
  progress(line: string): void;
}

/** Numbers here by the numbers there. */
export interface People {
  readonly users: ReadonlyMap<number, number>;
  readonly groups: ReadonlyMap<number, number>;
}
