import { ConfigurationError, didYouMean, type Position } from '@lava/base';
import { Environment, TemplateError, type Loader } from '@lava/jinja';
import { YamlError, excerpt, loadYamlWithPositions, type Located } from '@lava/yaml';
import { isMapping, type Mapping } from '@lava/job';
import { checkConfiguration, type ConfigurationProblem } from './schema.ts';
import { deviceFilters } from './filters.ts';
import { deviceTypeOf } from './device-type.ts';
import { placeOf, sourcesOf } from './place.ts';
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

export interface RenderedDevice {
  /** The device configuration as YAML: what `lava-run --device` reads. */
  readonly text: string;
  readonly configuration: Mapping;
}

/** One for all: compiled templates are kept by their text. */
const environment = new Environment({ filters: deviceFilters });

/**
 * Renders a device dictionary to the device's configuration and checks it.
 * @throws ConfigurationError that names template and line, or the wrong key of the configuration
 */
export function renderDevice(request: RenderRequest): RenderedDevice {
  const text = renderText(request);
  const file = `${request.name}.jinja2`;
  let located: Located;
  try {
    located = loadYamlWithPositions(text, { file: `${file} (rendered)` });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const line = text.split('\n')[error.line - 1] ?? '';
    throw new ConfigurationError(`device ${request.name}: what its templates give is not YAML: ${error.reason}\n${excerpt(text, error)}`, {
      code: 'device-yaml', cause: error, at: placeInDictionary(request, line),
      hint: error.hint ?? 'look for a variable whose text needs quotes, or a line that a template indents wrongly',
    });
  }
  const { value } = located;
  if (!isMapping(value)) {
    throw new ConfigurationError(`device ${request.name}: its dictionary gives no device configuration`, {
      code: 'device-empty', at: { file, line: 1, column: 1 }, hint: "begin it with {% extends '<device type>.jinja2' %}",
    });
  }
  const problems = checkConfiguration(value);
  if (problems.length) throw wrongConfiguration(request, problems, located, text);
  return { text, configuration: value };
}

function renderText({ name, dictionary, lookup, context, deviceType }: RenderRequest): string {
  const type = deviceType ?? deviceTypeOf(dictionary);
  const loader: Loader = (template) => readTemplate(template, lookup);
  try {
    return environment.renderText(dictionary, {
      ...context, scheduled_device_name: name, ...(type !== undefined && { scheduled_device_type: type }),
    }, `${name}.jinja2`, loader);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const missing = error.code === 'template-not-found' ? /'([^']+)'/.exec(error.reason)?.[1] : undefined;
    const known = missing === undefined ? undefined : didYouMean(missing.replace(/\.jinja2$/, ''), listTemplates(lookup));
    throw new ConfigurationError(`device ${name}: ${error.message}`, { code: error.code, hint: known ?? error.hint, at: error.at, cause: error });
  }
}

/** Where a rendered line comes from, in the dictionary or the templates below it. */
function placeInDictionary({ name, dictionary, lookup }: RenderRequest, rendered: string): Position | undefined {
  return placeOf(rendered, sourcesOf({ file: `${name}.jinja2`, text: dictionary }, lookup));
}

function wrongConfiguration(request: RenderRequest, problems: readonly ConfigurationProblem[], located: Located, text: string): ConfigurationError {
  const [first] = problems;
  const shown = problems.slice(0, 10).map((problem) => {
    const at = located.position(problem.path);
    return `${problem.message}${at ? ` (rendered line ${at.line})` : ''}`;
  });
  const at = first && located.position(first.path);
  return new ConfigurationError(`device ${request.name}: its configuration is wrong: ${shown.join('; ')}`, {
    code: 'device-configuration', hint: first?.hint ?? 'correct the variable in the device dictionary or device type',
    at: at && placeInDictionary(request, text.split('\n')[at.line - 1] ?? ''),
  });
}
