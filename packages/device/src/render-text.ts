import { ConfigurationError, didYouMean } from '@lava/base';
import { Environment, TemplateError } from '@lava/jinja';
import { deviceFilters } from './filters.ts';
import { deviceTypeOf } from './device-type.ts';
import { listTemplates, readTemplate, type TemplateSource } from './templates.ts';

export interface RenderRequest {
  /** Hostname of the device: `scheduled_device_name`, and what errors call its dictionary. */
  readonly name: string;
  /** Text of the device dictionary. */
  readonly dictionary: string;
  /** Where templates are, in the order they are searched; see `lookupFolders`. */
  readonly lookup: readonly TemplateSource[];
  /** The job's `context`: variables of the templates. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** `scheduled_device_type`: the name in the database. Default: the device type that the dictionary extends. */
  readonly deviceType?: string;
}

/** One for all: compiled templates are kept by their text. */
const environment = new Environment({ filters: deviceFilters });

/**
 * The text that a dictionary and its templates give.
 * @throws ConfigurationError with template and line
 */
export function renderText({ name, dictionary, lookup, context, deviceType }: RenderRequest): string {
  const type = deviceType ?? deviceTypeOf(dictionary);
  try {
    return environment.renderText(dictionary, {
      ...context, scheduled_device_name: name, ...(type !== undefined && { scheduled_device_type: type }),
    }, `${name}.jinja2`, (template) => readTemplate(template, lookup));
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const missing = error.code === 'template-not-found' ? /'([^']+)'/.exec(error.reason)?.[1] : undefined;
    const known = missing === undefined ? undefined : didYouMean(missing.replace(/\.jinja2$/, ''), listTemplates(lookup));
    throw new ConfigurationError(`device ${name}: ${error.message}`, { code: error.code, hint: known ?? error.hint, at: error.at, cause: error });
  }
}
