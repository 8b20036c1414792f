import { isMapping } from '@lava/job';
import { YamlError, loadYamlWithPositions } from '@lava/yaml';
import { legacyDevice } from './legacy-device.ts';
import { checkConfiguration } from './check-configuration.ts';
import type { DeviceProblem } from './device-problem.ts';

/** Everything that is wrong with a rendered device configuration, at its places in the text. Never throws for any text. */
export function checkRenderedDevice(text: string, file: string): DeviceProblem[] {
  const legacy = legacyDevice(text, file);
  if (legacy) return [legacy];
  try {
    const located = loadYamlWithPositions(text, { file });
    const { value } = located;
    if (!isMapping(value)) {
      return [{ severity: 'error', code: 'device-empty', path: [], message: 'this is no device configuration', hint: 'A rendered configuration is a mapping; a dictionary is named *.jinja2.', at: { file, line: 1, column: 1 } }];
    }
    return checkConfiguration(value, located).map(({ part, ...problem }) => {
      const at = located.position(problem.path, part);
      return { ...problem, ...(at && problem.code !== 'missing-command' && { at: { file, line: at.line, column: at.column } }) };
    });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return [{ severity: 'error', code: error.code, path: [], message: error.reason, ...(error.hint && { hint: error.hint }), at: { file, line: error.line, column: error.column } }];
  }
}
