import { ConfigurationError, type Position } from '@lava/base';
import { YamlError, excerpt, loadYaml, loadYamlWithPositions, type Located } from '@lava/yaml';
import { isMapping, readablePath, type Mapping } from '@lava/job';
import { checkConfiguration } from './check-configuration.ts';
import type { DeviceProblem } from './device-problem.ts';
import { blame, guess, sourcesOf, valueOf, type Source } from './place.ts';
import { legacyDevice } from './legacy-device.ts';
import { renderText, type RenderRequest } from './render-text.ts';
import type { TemplateSource } from './templates.ts';

export interface CheckedDevice {
  /** All errors, then all warnings. */
  readonly problems: readonly DeviceProblem[];
  /** What the dictionary gives; undefined if its templates cannot be rendered. */
  readonly text?: string;
  /** Undefined if that is no mapping. */
  readonly configuration?: Mapping;
}

/** More than anybody reads at once. */
const mostProblems = 50;

/** Renders a device dictionary and says everything that is wrong with it. Never throws for what a dictionary holds. */
export function checkDevice(request: RenderRequest): CheckedDevice {
  const legacy = legacyDevice(request.dictionary, `${request.name}.jinja2`);
  if (legacy) return { problems: [legacy] };
  let text: string;
  try {
    text = renderText(request);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { problems: [{ severity: 'error', code: error.code, path: [], message: error.message, ...(error.hint && { hint: error.hint }), ...(error.at && { at: error.at }) }] };
  }
  const sources = sourcesOf({ file: `${request.name}.jinja2`, text: request.dictionary }, request.lookup);
  const find = (configuration?: Mapping) => blame(sources, configuration, (source, changed) => configurationWith(request, source === sources[0], source, changed));
  let located: Located;
  try {
    located = loadYamlWithPositions(text, { file: `${request.name}.jinja2 (rendered)` });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const shown = valueOf(text.split('\n')[error.line - 1] ?? '');
    return { text, problems: [{
      severity: 'error', code: 'device-yaml', path: [], message: `device ${request.name}: what its templates give is not YAML: ${error.reason}\n${excerpt(text, error)}`,
      hint: error.hint ?? 'look for a variable whose text needs quotes, or a line that a template indents wrongly', ...placed(find()(() => true, shown) ?? guess(shown, sources)), renderedLine: error.line,
    }] };
  }
  const { value } = located;
  if (!isMapping(value)) {
    return { text, problems: [{
      severity: 'error', code: 'device-empty', path: [], message: `device ${request.name}: its dictionary gives no device configuration`,
      hint: "begin it with {% extends '<device type>.jinja2' %}", at: { file: `${request.name}.jinja2`, line: 1, column: 1 },
    }] };
  }
  const findIn = find(value);
  const problems = checkConfiguration(value, located).slice(0, mostProblems).map(({ part, ...problem }): DeviceProblem => {
    const at = located.position(problem.path, part);
    // What is missing stands nowhere.
    if (!at || problem.code === 'missing-command') return problem;
    const shown = part === 'key' ? String(problem.path.at(-1)) : valueOf(text.split('\n')[at.line - 1] ?? '');
    const passes = (other: Mapping) => !checkConfiguration(other).some((one) => readablePath(one.path) === readablePath(problem.path));
    return { ...problem, ...placed(findIn(passes, shown) ?? guess(shown, sources)), renderedLine: at.line };
  });
  return { text, configuration: value, problems };
}

const placed = (at: Position | undefined): { at?: Position } => (at ? { at } : {});

/** The configuration if a source had another text. */
function configurationWith(request: RenderRequest, isDictionary: boolean, { file }: Source, text: string): Mapping | undefined {
  const lookup: TemplateSource[] = [new Map([[file, text]]), ...request.lookup];
  try {
    const value = loadYaml(renderText(isDictionary ? { ...request, dictionary: text } : { ...request, lookup }));
    return isMapping(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
