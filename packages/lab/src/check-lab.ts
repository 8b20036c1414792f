import { ConfigurationError, monotonicMs, nearestWord } from '@lava/base';
import { checkDevice, renderDevice, type DeviceProblem, type TemplateSource } from '@lava/device';
import { checkJob } from '@lava/job';
import { YamlError, loadYaml } from '@lava/yaml';
import { fieldsOf, kindNames, kindOf, sameValue, type Kind, type Lab } from './kinds.ts';
import { applyPlan, planLab } from './plan.ts';
import { problem, type LabProblem } from './problem.ts';
import type { LabPlaces } from './read-lab.ts';

interface Check {
  readonly wanted: Lab;
  readonly current: Lab;
  /** The lab as it will be. */
  readonly after: Lab;
  readonly places: LabPlaces;
  readonly problems: LabProblem[];
}

/**
 * What is wrong with a lab as a file wants it, beside the form of the file: names of things that do not exist, device
 * dictionaries that do not render, health checks that are no jobs. Warnings are for what was wrong before, too.
 * Problems come in the order of the lines, those in other files last.
 * @param current the lab as it is, with all fields; an empty one for a file that stands alone
 * @param templates where templates are that the lab does not hold itself, in the order in which they are looked up
 */
export async function checkLab(wanted: Lab, current: Lab, places: LabPlaces, templates: readonly TemplateSource[]): Promise<LabProblem[]> {
  const check: Check = { wanted, current, after: applyPlan(current, planLab(current, wanted)), places, problems: [] };
  checkReferences(check);
  checkAliases(check);
  checkTexts(check);
  await checkDictionaries(check, templates);
  return check.problems.toSorted((a, b) => (a.file ?? '').localeCompare(b.file ?? '') || (a.line ?? 0) - (b.line ?? 0));
}

function checkReferences({ wanted, after, places, problems }: Check): void {
  for (const kind of kindNames) {
    for (const [name, fields] of wanted[kind]) {
      for (const [field, { of }] of fieldsOf(kind)) {
        const value = fields[field];
        if (of === undefined || value === undefined || value === null) continue;
        for (const referred of Array.isArray(value) ? value as string[] : [String(value)]) {
          if (after[of].has(referred)) continue;
          const place = places.of(kind, name, field, referred);
          problems.push(problem('lab-unknown', place.path, `there is no ${kindOf(of).noun} ${JSON.stringify(referred)}, in this file or on the server`, unknownHint(of, referred, after), place));
        }
      }
    }
  }
}

const unknownHint = (of: Kind, name: string, after: Lab) => {
  const meant = nearestWord(name, after[of].keys());
  return meant === undefined ? `Add it to "${of}:" in this file.` : `Did you mean "${meant}"? A new one must be added to "${of}:" in this file.`;
};

function checkAliases({ wanted, after, places, problems }: Check): void {
  const owners = new Map<string, string>();
  const all = [...after.device_types].flatMap(([type, fields]) => (fields['aliases'] as readonly string[]).map((alias) => ({ type, alias })));
  // The owner that the file does not talk of comes first, so that the error stands where the file says something.
  for (const { type, alias } of all.sort((a, b) => Number(says(wanted, a.type)) - Number(says(wanted, b.type)))) {
    const owner = after.device_types.has(alias) ? alias : owners.get(alias);
    if (owner === undefined) owners.set(alias, type);
    else if (says(wanted, type) || wanted.device_types.has(alias)) {
      const place = says(wanted, type) ? places.of('device_types', type, 'aliases', alias) : places.of('device_types', alias);
      problems.push(problem('lab-alias', place.path, owner === alias ? `${JSON.stringify(alias)} is a device type and cannot be another name of ${type}` : `${JSON.stringify(alias)} names two device types, ${owner} and ${type}`, 'A name means one device type.', place));
    }
  }
}

const says = (wanted: Lab, type: string) => wanted.device_types.get(type)?.['aliases'] !== undefined;

/** Texts that other programs read: YAML of workers, health checks. */
function checkTexts(check: Check): void {
  for (const [name, fields] of check.wanted.workers) {
    for (const field of ['dispatcher', 'env', 'env_dut']) {
      const text = fields[field];
      if (typeof text !== 'string') continue;
      try {
        loadYaml(text);
      } catch (error) {
        if (!(error instanceof YamlError)) throw error;
        report(check, 'workers', name, field, { code: 'lab-text', message: `the ${field} of worker ${name} is not YAML: ${error.reason}`, hint: error.hint, at: error });
      }
    }
  }
  for (const [name, fields] of check.wanted.device_types) {
    const text = fields['health_check'];
    if (typeof text !== 'string') continue;
    for (const found of checkJob(text).problems) {
      if (found.severity === 'error') report(check, 'device_types', name, 'health_check', { code: 'lab-health-check', message: `the health check of ${name}: ${found.message} [${found.code}]`, hint: found.hint, at: found });
    }
  }
}

interface Inside {
  readonly code: 'lab-text' | 'lab-health-check' | 'lab-device';
  readonly message: string;
  readonly hint: string | undefined;
  readonly at: { readonly line?: number; readonly column?: number };
}

/** A problem inside a text: a warning if the lab has this text already. */
function report({ wanted, current, places, problems }: Check, kind: Kind, name: string, field: string, { code, message, hint, at }: Inside, newly = false): void {
  const place = at.line === undefined ? places.of(kind, name, field) : places.inside(kind, name, field, { line: at.line, column: at.column ?? 1 });
  const old = !newly && sameValue(current[kind].get(name)?.[field], wanted[kind].get(name)?.[field]);
  problems.push({ ...problem(code, place.path, message, hint, place), severity: old ? 'warning' : 'error' });
}

/** Milliseconds of rendering after which others get a turn: a thousand devices take seconds. */
const longestTurn = 20;

async function checkDictionaries(check: Check, templates: readonly TemplateSource[]): Promise<void> {
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
    // Of devices that the file does not name only those matter that it would break.
    if (errors.length > 0 && (named || errorsOf(current, name, before).length === 0)) for (const error of errors) reportDevice(check, name, String(deviceType), error, newTemplates);
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
function reportDevice(check: Check, name: string, deviceType: string, error: DeviceProblem, newTemplates: boolean): void {
  const { wanted, current, places, problems } = check;
  const said = error.message.startsWith('device ') ? error.message : `device ${name}: ${error.message}`;
  const inside = { code: 'lab-device', message: `${said} [${error.code}]`, hint: error.hint, at: error.at ?? {} } as const;
  const file = error.at?.file?.replace(/\.jinja2$/, '');
  if ((file === undefined || file === name) && wanted.devices.get(name)?.['dictionary'] !== undefined) {
    report(check, 'devices', name, 'dictionary', inside, newTemplates || !sameValue(current.devices.get(name)?.['device_type'], deviceType));
  } else if (file !== undefined && wanted.device_types.get(file)?.['template'] !== undefined) {
    report(check, 'device_types', file, 'template', inside);
  } else {
    const place = wanted.devices.has(name) ? places.of('devices', name) : places.of('device_types', deviceType);
    problems.push(problem('lab-device', place.path, inside.message, error.hint, place));
  }
}
