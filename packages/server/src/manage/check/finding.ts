import type { LavaPaths } from '@lava/base';
import type { MasterSettings } from '../../settings/master-settings.ts';
import type { SettingsFile } from '../../settings/settings-files.ts';
import type { Connection } from '../../store/connection.ts';

/** What checks are about; `check --tag` takes these. */
export const topics = ['settings', 'database', 'devices', 'device-types', 'health-checks', 'accounts', 'permissions', 'workers', 'network', 'storage', 'server'] as const;
export type Topic = (typeof topics)[number];

/** Something that a check found. */
export interface Finding {
  /** An error keeps something from working or lets strangers in; a warning may be meant. */
  readonly severity: 'error' | 'warning';
  readonly topic: Topic;
  /** What is wrong and where, in one sentence. */
  readonly text: string;
  readonly hint?: string | undefined;
}

/** The installation that is looked at. */
export interface Site {
  readonly paths: LavaPaths;
  readonly files: readonly SettingsFile[];
  /** What all files say together. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** How the server would be started; undefined when that cannot be told. */
  readonly master: MasterSettings | undefined;
}

/** The same with its tables, which are those of this release. */
export interface OpenSite extends Site {
  readonly connection: Connection;
}

export type Findings = AsyncGenerator<Finding, void>;

type Say = (text: string, hint?: string) => Finding;

/** How the checks of a topic say what they found. */
export const about = (topic: Topic): { readonly error: Say; readonly warning: Say } => ({
  error: (text, hint) => ({ severity: 'error', topic, text, hint }),
  warning: (text, hint) => ({ severity: 'warning', topic, text, hint }),
});
