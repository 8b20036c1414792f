import { isMapping } from '@lava/job';
import { YamlError, loadYaml } from '@lava/yaml';
import { ConfigurationError } from '@lava/base';
import type { User } from '../../auth/users.ts';
import { readConfiguration, writeConfiguration } from '../../devices/configuration.ts';
import { change } from '../../store/change.ts';
import type { ConfigurationKind } from '../../store/database.ts';
import { Fault } from './codec/values.ts';
import type { Context } from './method.ts';

/** A text of a device, type or worker as the API sends it; undefined when there is none. */
export async function configurationText({ services }: Context, kind: ConfigurationKind, name: string): Promise<Buffer | undefined> {
  const text = await readConfiguration(services, kind, name);
  return text === undefined ? undefined : Buffer.from(text);
}

/** Replaces a text, or removes it when the new one is empty; `refusal` is the fault when that cannot be stored. */
export async function storeConfiguration({ services, user }: Context<User>, kind: ConfigurationKind, name: string, text: string, refusal: string): Promise<void> {
  try {
    await change(services, user.username, (c) => writeConfiguration(c, services.paths, kind, name, text));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    services.log.warn(`[XML-RPC] ${error.message}`);
    throw new Fault(400, refusal);
  }
}

/** The context of a job in YAML; nil and an empty text are an empty one. `refused` makes the text of the fault. */
export function jobContext(text: string | null, refused: (reason: string) => string): Readonly<Record<string, unknown>> {
  if (text === null || text.trim() === '') return {};
  try {
    const value = loadYaml(text, { limits: { size: 64 * 1024 } });
    if (isMapping(value)) return value;
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new Fault(400, refused(error.message));
  }
  throw new Fault(400, refused('it must be a YAML mapping'));
}
