import type { YamlLimits } from '@lava/yaml';
import { adviceOn, resultGroups } from './advice/patterns.ts';
import { mappingAt, type Mapping } from './mapping.ts';
import type { Finding, Schema } from './schema/schema.ts';
import { testDefinition } from './schema/test/definitions.ts';
import { validate, type Found } from './schema/validate.ts';
import { checkText, type Checked } from './text-problems.ts';

/**
 * Loads and checks the file of a test definition. Errors are what LAVA's checker refuses; files with errors may run all
 * the same, as nothing but `metadata` is looked at then. Never throws for any text.
 */
export function checkTestDefinition(text: string, { limits }: { limits?: YamlLimits } = {}): Checked {
  return checkText(text, {
    limits,
    empty: 'the test definition is empty',
    noMapping: 'a test definition is a mapping of keys such as metadata, install and run',
    find: (value, located) => {
      const { errors, warnings } = validate(testDefinition as Schema, value, located);
      // Keys that LAVA does not know are allowed in these files.
      const unknown = errors.filter(isUnknown).map((f): Found => ({ ...f, severity: 'warning' }));
      return { errors: errors.filter((f) => !isUnknown(f)), warnings: [...unknown, ...warnings] };
    },
    advise,
  });
}

const isUnknown = ({ code }: Found) => code === 'unknown-key';

/** Helpers of old releases that devices do not get any more. */
const goneHelpers = /(?<![\w/-])lava-(?:echo-ipv6|network|vland-\w+|lxc-[\w-]+|test-case-attach|test-run-attach|extract-packages|vm-groups-setup-host)(?![\w-])/;

function advise(definition: Mapping): Finding[] {
  const found: Finding[] = [];
  for (const part of ['install', 'run']) {
    const steps = mappingAt(definition, part)?.['steps'];
    for (const [i, step] of (Array.isArray(steps) ? steps : []).entries()) {
      const gone = typeof step === 'string' ? goneHelpers.exec(step)?.[0] : undefined;
      if (gone) found.push({ path: [part, 'steps', i], code: 'removed-helper', message: `LAVA has no "${gone}" any more: the test stops there`, hint: 'Remove the step, or use lava-test-case, lava-test-set or a script of your own.' });
    }
  }
  const pattern = mappingAt(definition, 'parse')?.['pattern'];
  if (typeof pattern === 'string') found.push(...adviceOn({ path: ['parse', 'pattern'], text: pattern, groups: resultGroups }));
  if (!mappingAt(definition, 'run')) found.push({ path: ['run'], code: 'no-steps', message: 'this test definition runs nothing', hint: 'Add "run:" with "steps:", a list of shell commands.' });
  return found;
}
