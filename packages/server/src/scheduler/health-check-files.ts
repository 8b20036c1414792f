import { messageOf, type DaemonLog } from '@lava/base';
import { readConfiguration, type ConfigurationParts } from '../devices/configuration.ts';
import { checkIsDue } from './health-checks.ts';
import type { Snapshot } from './snapshot.ts';

/** Milliseconds for which it is remembered that a device has a health check, or none. */
const remembered = 20_000;

/**
 * Definitions of health checks. That of a device is named like the template which its dictionary extends, as LAVA has it:
 * devices of one type may have different ones.
 */
export class HealthCheckFiles {
  readonly #parts: ConfigurationParts;
  readonly #log: DaemonLog;
  readonly #known = new Map<string, { readonly has: boolean; readonly until: number }>();

  constructor(parts: ConfigurationParts, log: DaemonLog) {
    this.#parts = parts;
    this.#log = log;
  }

  /** Text of a device's health check; undefined: it has none. */
  async definition(hostname: string): Promise<string | undefined> {
    const template = extendedTemplate(await readConfiguration(this.#parts, 'dictionary', hostname) ?? '');
    return template === undefined ? undefined : readConfiguration(this.#parts, 'health-check', template);
  }

  /** The snapshot with the devices marked that have a health check, as far as one is due. */
  async mark(snapshot: Snapshot, now: number): Promise<Snapshot> {
    const devices = await Promise.all(snapshot.devices.map(async (device) => {
      const { health, state, type, hostname } = device;
      const mayNeed = state === 'Idle' && (health === 'Good' || health === 'Unknown' || health === 'Looping') && checkIsDue(device, snapshot.types.get(type), now);
      return mayNeed && await this.#has(hostname, now) ? { ...device, hasHealthCheck: true } : device;
    }));
    return { ...snapshot, devices };
  }

  /** Something about the device changed, perhaps its dictionary: it is looked at anew. */
  forget(hostname: string): void {
    this.#known.delete(hostname);
  }

  async #has(hostname: string, now: number): Promise<boolean> {
    const known = this.#known.get(hostname);
    if (known && known.until > now) return known.has;
    let has = false;
    try {
      has = await this.definition(hostname) !== undefined;
    } catch (error) {
      this.#log.warn(`The health check of ${hostname} cannot be read: ${messageOf(error)}`);
    }
    this.#known.set(hostname, { has, until: now + remembered });
    return has;
  }
}

/** Name, without ending, of the one template that a dictionary extends; undefined for none or several. */
export function extendedTemplate(dictionary: string): string | undefined {
  const names = [...dictionary.matchAll(/\{%[-+]?\s*extends\s+(['"])([^'"]+)\1\s*[-+]?%\}/g)].map((m) => m[2]!);
  return names.length === 1 ? names[0]!.replace(/\.jinja2$/, '') : undefined;
}
