import { dumpYaml, loadYaml, loadYamlWithPositions } from '@lava/yaml';

/** What stands in logs and definitions where a secret was. */
export const maskedSecret = '[MASKED]';

/** A definition that anybody who sees the job may read, and the secrets that were in it. */
export interface WithoutSecrets {
  readonly text: string;
  /** The mapping `secrets` as YAML; undefined when there was none to hide. */
  readonly secrets: string | undefined;
}

/**
 * Takes the values of `secrets` out of a definition. All else of the text stays as it is, comments too, but where the
 * values cannot be told apart in it, say behind an alias: then it is written anew. A text that is no definition is left alone.
 */
export function withoutSecrets(text: string): WithoutSecrets {
  const none = { text, secrets: undefined };
  if (!text.includes('secrets')) return none;
  const value = mapOf(text);
  const secrets: unknown = value?.get('secrets');
  if (!value || !(secrets instanceof Map) || [...secrets.values()].every((secret) => secret === maskedSecret)) return none;
  const hidden = new Map([...value, ['secrets', new Map([...secrets.keys()].map((key) => [key, maskedSecret]))]]);
  const wanted = dumpYaml(hidden);
  const cut = cutOut(text, [...secrets.keys()].map(String));
  const left = cut === undefined ? undefined : mapOf(cut);
  return { text: cut !== undefined && left && dumpYaml(left) === wanted ? cut : wanted, secrets: dumpYaml(secrets) };
}

/** The definition with the values of its hidden secrets; one without hidden ones stays as it is. @param kept as `withoutSecrets` gave them */
export function withSecrets(text: string, kept: string): string {
  const value = mapOf(text);
  const secrets: unknown = value?.get('secrets');
  const values = mapOf(kept);
  if (!value || !(secrets instanceof Map) || !values) return text;
  const found = new Map([...secrets].filter(([name, secret]) => secret === maskedSecret && values.has(name)).map(([name]) => [name, values.get(name)]));
  return found.size === 0 ? text : dumpYaml(new Map([...value, ['secrets', new Map([...secrets, ...found])]]));
}

/** Names of secrets that are hidden in a definition: whoever runs it must write them. */
export function maskedSecrets(definition: Readonly<Record<string, unknown>>): string[] {
  const { secrets } = definition;
  return typeof secrets === 'object' && secrets !== null ? Object.entries(secrets).filter(([, value]) => value === maskedSecret).map(([name]) => name) : [];
}

function mapOf(text: string): Map<unknown, unknown> | undefined {
  try {
    const value = loadYaml(text, { exact: true });
    return value instanceof Map ? value : undefined;
  } catch {
    return undefined; // an imported job may hold any text
  }
}

/** The text with its secrets replaced where they stand; undefined when one stands nowhere of its own. */
function cutOut(text: string, names: readonly string[]): string | undefined {
  const located = loadYamlWithPositions(text);
  const spans = names.map((name) => located.span(['secrets', name]));
  let cut = text;
  for (const span of spans.sort((a, b) => (b?.start ?? 0) - (a?.start ?? 0))) {
    if (!span) return undefined;
    // A block of lines goes with its sign, and the ends of lines after it stay.
    const sign = /[|>][-+\d]*[ \t]*(?:#[^\n]*)?\r?\n\s*$/.exec(text.slice(0, span.start));
    const start = sign?.index ?? span.start;
    const end = span.start + text.slice(span.start, span.end).trimEnd().length;
    cut = `${cut.slice(0, start)}'${maskedSecret}'${cut.slice(end)}`;
  }
  return cut;
}
