import { ConfigurationError } from '@lava/base';
import { Environment, TemplateError } from '@lava/jinja';
import { deviceFilters } from './filters.ts';

const environment = new Environment({ filters: deviceFilters });
const extending = /\{%[-+]?\s*extends\b[^%]*%\}/g;
const mark = '\u0000value:';

/**
 * What a dictionary itself sets a variable to (`{% set name = … %}`), without its template; undefined where it does not.
 * @throws ConfigurationError with the line
 */
export function dictionaryVariable(dictionary: string, name: string): unknown {
  try {
    // The template would only write a configuration; all that is wanted stands in the dictionary.
    const text = environment.renderText(`${dictionary.replace(extending, '')}${mark}{{ ${name} | default(none) | tojson }}`);
    return (JSON.parse(text.slice(text.lastIndexOf(mark) + mark.length)) as unknown) ?? undefined;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new ConfigurationError(error.message, { code: error.code, hint: error.hint, at: error.at, cause: error });
  }
}
