import type { Services } from '../services.ts';
import type { NetworkGuard } from './network-guard.ts';
import type { NotifySettings } from './settings.ts';

/** What sending needs. */
export interface SendContext {
  readonly services: Services;
  readonly settings: NotifySettings;
  readonly guard: NetworkGuard;
  /** Folder for bodies that are under way. */
  readonly spool: string;
  readonly signal: AbortSignal;
}
