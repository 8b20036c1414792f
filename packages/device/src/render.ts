import { ConfigurationError } from '@lava/base';
import { isMapping, type Mapping } from '@lava/job';
import { YamlError, loadYamlWithPositions } from '@lava/yaml';
import { checkConfiguration } from './check-configuration.ts';
import { checkDevice } from './check-device.ts';
import { renderText, type RenderRequest } from './render-text.ts';

export interface RenderedDevice {
  /** The device configuration as YAML: what `lava-run --device` reads. */
  readonly text: string;
  readonly configuration: Mapping;
}

/**
 * Renders a device dictionary to the device's configuration and checks it; `checkDevice` says more than the errors.
 * @throws ConfigurationError that names template and line, or the wrong keys of the configuration
 */
export function renderDevice(request: RenderRequest): RenderedDevice {
  const text = renderText(request);
  const configuration = usable(text);
  if (configuration) return { text, configuration };
  // Only a device that is wrong is looked at closely.
  const errors = checkDevice(request).problems.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  const shown = errors.slice(0, 10).map(({ message, renderedLine }) => `${message}${renderedLine === undefined ? '' : ` (rendered line ${renderedLine})`}`);
  const message = first?.path.length ? `device ${request.name}: its configuration is wrong: ${shown.join('; ')}` : first?.message ?? '';
  throw new ConfigurationError(message, { code: first?.code, hint: first?.hint ?? 'correct the variable in the device dictionary or device type', at: first?.at });
}

function usable(text: string): Mapping | undefined {
  try {
    const located = loadYamlWithPositions(text);
    const { value } = located;
    return isMapping(value) && checkConfiguration(value, located).every(({ severity }) => severity !== 'error') ? value : undefined;
  } catch (error) {
    if (error instanceof YamlError) return undefined;
    throw error;
  }
}
