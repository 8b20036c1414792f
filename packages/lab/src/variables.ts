import { pythonRepr } from '@lava/job';

/**
 * A device dictionary of plain variables: one line for the template and one for each variable, in their order.
 * @param values as `loadYaml` gives them with `exact`, so that 1.0 stays a float
 */
export function dictionaryOf(template: string, values: Iterable<readonly [name: string, value: unknown]>): string {
  const lines = [`{% extends ${pythonRepr(`${template}.jinja2`)} %}`];
  for (const [name, value] of values) lines.push(`{% set ${name} = ${pythonRepr(value)} %}`);
  return `${lines.join('\n')}\n`;
}
