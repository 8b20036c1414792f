import { ConfigurationError, monotonicMs } from '@lava/base';
import { checkDevice, renderDevice, type DeviceProblem, type TemplateSource } from '@lava/device';
import { report, type Check } from './check.ts';
import type { Lab } from './kinds.ts';
import { problem } from './problem.ts';

/** Milliseconds of rendering after which others get a turn: a thousand devices take seconds. */
const longestTurn = 20;

/** Renders the dictionaries of devices with the templates that the lab is to have. Errors only; warnings are for `lava device check`. */
export async function checkDictionaries(check: Check, templates: readonly TemplateSource[]): Promise<void> {
  const { wanted, current, after } = check;
  const [before, now] = [[templatesOf(current), ...templates], [templatesOf(after), ...templates]];
  const newTemplates = [...templatesOf(after)].some(([name, text]) => templatesOf(current).get(name) !== text) || templatesOf(after).size < templatesOf(current).size;
  let turn = monotonicMs();
  for (const [name, { device_type: deviceType, retired, dictionary }] of after.devices) {
    if (monotonicMs() - turn > longestTurn) {
      await new Promise(setImmediate);
      turn = monotonicMs();
    }
    const named = wanted.devices.has(name);
    if (named && dictionary === null && retired !== true) {
      const place = check.places.of('devices', name);
      check.problems.push({ ...problem('lab-dictionary', place.path, `device ${name} has no dictionary: no job can run on it`, 'Add "variables:" or "dictionary:".', place), severity: 'warning' });
    }
    if (!named && (!newTemplates || retired === true)) continue;
    const errors = errorsOf(after, name, now);
    if (errors.length === 0) continue;
    const wasWrong = errorsOf(current, name, before).length > 0;
    // Of devices that the file does not name only those matter that it would break.
    if (named || !wasWrong) for (const error of errors) reportDevice(check, name, String(deviceType), error, wasWrong);
  }
}

const templatesOf = (lab: Lab) => new Map([...lab.device_types].flatMap(([name, { template }]) => (typeof template === 'string' ? [[`${name}.jinja2`, template] as const] : [])));

/** Why a device cannot be used; one without a dictionary may get it later. */
function errorsOf(lab: Lab, name: string, lookup: readonly TemplateSource[]): readonly DeviceProblem[] {
  const { dictionary, device_type: deviceType } = lab.devices.get(name) ?? {};
  if (typeof dictionary !== 'string') return [];
  const request = { name, deviceType: String(deviceType), dictionary, lookup };
  try {
    renderDevice(request);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    // Places take time to find, and most devices need none.
    return checkDevice(request).problems.filter(({ severity }) => severity === 'error');
  }
}

/** The error stands in the dictionary, in a template, or in neither as far as the file shows them. */
function reportDevice(check: Check, name: string, deviceType: string, error: DeviceProblem, wasWrong: boolean): void {
  const { wanted, places, problems } = check;
  const said = error.message.startsWith('device ') ? error.message : `device ${name}: ${error.message}`;
  const inside = { code: 'lab-device', message: `${said} [${error.code}]`, hint: error.hint, at: error.at ?? {} } as const;
  const file = error.at?.file?.replace(/\.jinja2$/, '');
  if ((file === undefined || file === name) && wanted.devices.get(name)?.['dictionary'] !== undefined) {
    report(check, 'devices', name, 'dictionary', inside, !wasWrong);
  } else if (file !== undefined && wanted.device_types.get(file)?.['template'] !== undefined) {
    report(check, 'device_types', file, 'template', inside);
  } else {
    const place = wanted.devices.has(name) ? places.of('devices', name) : places.of('device_types', deviceType);
    problems.push({ ...problem('lab-device', place.path, inside.message, error.hint, place), severity: wasWrong ? 'warning' : 'error' });
  }
}
