import { nearestWord } from '@lava/base';
import type { TemplateSource } from '@lava/device';
import { checkJob } from '@lava/job';
import { YamlError, loadYaml } from '@lava/yaml';
import { checkDictionaries } from './check-dictionaries.ts';
import { report, type Check } from './check.ts';
import { fieldsOf, kindNames, kindOf, type Kind, type Lab } from './kinds.ts';
import { applyPlan, planLab } from './plan.ts';
import { problem, type LabProblem } from './problem.ts';
import type { LabPlaces } from './read-lab.ts';

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
