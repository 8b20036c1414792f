import { ConfigurationError, didYouMean } from '@lava/base';
import { renderDevice } from './render.ts';
import { listTemplates, readTemplate, type TemplateSource } from './templates.ts';

/**
 * Renders a device type with the smallest dictionary that a lab would write. Undefined: it can be used.
 * @param name without `.jinja2`
 * @param lookup where templates are, in the order they are searched
 */
export function checkDeviceType(name: string, lookup: readonly TemplateSource[]): ConfigurationError | undefined {
  if (readTemplate(`${name}.jinja2`, lookup) === undefined) {
    return new ConfigurationError(`there is no device type '${name}'`, { code: 'template-not-found', hint: didYouMean(name, listTemplates(lookup)) ?? `put ${name}.jinja2 into a folder of device types` });
  }
  try {
    renderDevice({ name, dictionary: `{% extends '${name}.jinja2' %}\n{% set connection_command = 'telnet localhost 7001' %}\n`, lookup });
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return new ConfigurationError(error.message.replace(/^device /, 'device type '), { code: error.code, hint: error.hint, at: error.at, cause: error });
  }
}
