import { ConfigurationError } from '@lava/base';
import { checkDevice, checkDeviceType, type DeviceProblem } from '@lava/device';
import { checkJob } from '@lava/job';
import { loadYaml, YamlError } from '@lava/yaml';
import { templateSources } from '../../devices/renderer.ts';
import type { Services, SubmitProblem } from '../../services.ts';
import type { ConfigurationKind } from '../../store/database.ts';

/** Everything that is wrong with a text that is to configure an object, at its places. An empty text takes it away: nothing is wrong with that. */
export async function checkConfigurationText(services: Services, kind: ConfigurationKind, name: string, text: string): Promise<readonly SubmitProblem[]> {
  if (text.trim() === '') return [];
  switch (kind) {
    case 'dictionary': {
      const row = await services.db.selectFrom('devices').select('device_type').where('hostname', '=', name).executeTakeFirst();
      return checkDevice({ name, deviceType: row?.device_type, dictionary: text, lookup: await templateSources(services) }).problems.map((p) => placed(p, `${name}.jinja2`));
    }
    case 'template': {
      const error = checkDeviceType(name, [new Map([[`${name}.jinja2`, text]]), ...await templateSources(services)]);
      return error === undefined ? [] : [ofTemplate(error, `${name}.jinja2`)];
    }
    case 'health-check': return checkJob(text).problems;
    default: return yamlProblems(text);
  }
}

function placed({ severity, code, message, hint, path, at }: DeviceProblem, file: string): SubmitProblem {
  const here = at?.file === file;
  // What a template below does wrong has its place there.
  const where = at?.file !== undefined && !here && !message.includes(at.file) ? ` (${at.file}, line ${at.line})` : '';
  // The editor shows the text of this very device: its name and the line need not be said.
  const said = here ? message.replace(/^(?:device type|device) \S+: /, '').replace(`${file}, line ${at.line}: `, '') : message + where;
  return { severity, code, message: said, ...(hint !== undefined && { hint }), path, ...(here && { line: at.line, column: at.column }) };
}

const ofTemplate = ({ code, message, hint, at }: ConfigurationError, file: string): SubmitProblem => placed({ severity: 'error', code, message, hint, path: [], at }, file);

function yamlProblems(text: string): SubmitProblem[] {
  try {
    loadYaml(text);
    return [];
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const { code, reason, hint, line, column } = error;
    return [{ severity: 'error', code, message: reason, ...(hint !== undefined && { hint }), path: [], line, column }];
  }
}
