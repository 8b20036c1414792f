import { messageOf, type DaemonLog } from '@lava/base';
import { ownConfigurations, readConfiguration, type ConfigurationParts } from '../devices/configuration.ts';
import { checkIsDue } from './health-checks.ts';
import type { Snapshot } from './snapshot.ts';

/** Milliseconds for which it is remembered whether there is a definition of a name: soon after it was written it counts. */
const definitionsRemembered = 20_000;
/** Milliseconds for which it is remembered what a dictionary extends; a change that the server knows of counts at once. */
const templatesRemembered = 5 * 60_000;

/**
 * Definitions of health checks. That of a device is named like the template which its dictionary extends, as LAVA has it:
 * devices of one type may have different ones.
 */
export class HealthCheckFiles {
  readonly #parts: ConfigurationParts;
  readonly #log: DaemonLog;
  /** By device, what its dictionary extends. */
  readonly #templates = new Remembered<string | undefined>(templatesRemembered);
  /** By template, whether there is a definition. */
  readonly #definitions = new Remembered<boolean>(definitionsRemembered);

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
    const due = new Set(snapshot.devices.flatMap((device) => {
      const { health, state, type, hostname } = device;
      return state === 'Idle' && (health === 'Good' || health === 'Unknown' || health === 'Looping') && checkIsDue(device, snapshot.types.get(type), now) ? [hostname] : [];
    }));
    if (due.size === 0) return snapshot;
    await this.#learnTemplates([...due].filter((hostname) => !this.#templates.has(hostname, now)), now);
    const checked = new Set<string>();
    for (const hostname of due) if (await this.#isDefined(this.#templates.get(hostname), now)) checked.add(hostname);
    return { ...snapshot, devices: snapshot.devices.map((device) => (checked.has(device.hostname) ? { ...device, hasHealthCheck: true } : device)) };
  }

  /** Something about the device changed, perhaps its dictionary: it is looked at anew. */
  forget(hostname: string): void {
    this.#templates.forget(hostname);
  }

  async #learnTemplates(hostnames: readonly string[], now: number): Promise<void> {
    if (hostnames.length === 0) return;
    const dictionaries = await ownConfigurations(this.#parts, 'dictionary', hostnames, (hostname, error) => this.#warn(hostname, error));
    for (const hostname of hostnames) this.#templates.set(hostname, extendedTemplate(dictionaries.get(hostname) ?? ''), now);
  }

  async #isDefined(template: string | undefined, now: number): Promise<boolean> {
    if (template === undefined) return false;
    if (!this.#definitions.has(template, now)) {
      const text = await readConfiguration(this.#parts, 'health-check', template).catch((error: unknown) => this.#warn(template, error));
      this.#definitions.set(template, text !== undefined, now);
    }
    return this.#definitions.get(template)!;
  }

  #warn(name: string, error: unknown): undefined {
    this.#log.warn(`The health check of ${name} cannot be read: ${messageOf(error)}`);
  }
}

/** Values that are asked for anew when they are older than `milliseconds`. */
class Remembered<V> {
  readonly #milliseconds: number;
  readonly #known = new Map<string, { readonly value: V; readonly until: number }>();

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  has(name: string, now: number): boolean {
    const known = this.#known.get(name);
    return known !== undefined && known.until > now;
  }

  get(name: string): V | undefined { return this.#known.get(name)?.value; }

  set(name: string, value: V, now: number): void { this.#known.set(name, { value, until: now + this.#milliseconds }); }

  forget(name: string): void { this.#known.delete(name); }
}

/** Name, without ending, of the one template that a dictionary extends; undefined for none or several. */
export function extendedTemplate(dictionary: string): string | undefined {
  const names = [...dictionary.matchAll(/\{%[-+]?\s*extends\s+(['"])([^'"]+)\1\s*[-+]?%\}/g)].map((m) => m[2]!);
  return names.length === 1 ? names[0]!.replace(/\.jinja2$/, '') : undefined;
}
