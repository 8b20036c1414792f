import { advice, any, bool, either, integer, list, literal, mapping, number, oneOf, record, required, text, type Rule, type Schema } from './schema.ts';
import { blockKeys, methodSchema } from './common.ts';
import { isMapping } from '../mapping.ts';
import { didYouMean } from '../suggest.ts';

/** Names of monitors and interactive scripts. */
const scriptName = text({ pattern: /^[-_a-zA-Z0-9]+$/, reason: 'Invalid character', about: 'a name of letters, digits, "-" and "_"' });

const inlineDefinition = mapping({
  metadata: mapping({}, { others: 'allow' }),
  install: mapping({}, { others: 'allow' }),
  run: mapping({}, { others: 'allow' }),
  parse: mapping({}, { others: 'allow' }),
}, { about: 'a test definition with "metadata" and "run"' });

const shallowRevision: Rule = (definition, report) => {
  if (Object.hasOwn(definition, 'revision') && definition['shallow'] === true) {
    const reason = "When 'revision' is used, 'shallow' shouldn't be 'True'";
    report({ path: ['shallow'], code: 'revision-and-shallow', message: 'a "revision" needs the whole history, so "shallow" cannot be true', hint: 'Remove "shallow".', reason });
  }
};

const source: Rule = (definition, report) => {
  const from = definition['from'];
  const inline = isMapping(definition['repository']);
  if (typeof from === 'string' && !['git', 'url', 'inline'].includes(from)) {
    const meant = didYouMean(from, ['git', 'url', 'inline']);
    report({ path: ['from'], severity: 'warning', code: 'wrong-value', message: `"from" must be git, url or inline, not ${JSON.stringify(from.slice(0, 60))}: the job will fail when it runs`, hint: meant && `Did you mean "${meant}"?` });
  } else if (typeof from === 'string' && inline !== (from === 'inline')) {
    report({ path: ['repository'], severity: 'warning', code: 'wrong-value', message: inline ? `a definition that is written here needs "from: inline", not "from: ${from}"` : '"from: inline" needs the definition itself under "repository"', hint: 'The job will fail when it runs.' });
  }
};

const nameCharacters: Rule = (definition, report) => {
  const name = definition['name'];
  if (typeof name !== 'string') return;
  if (name === 'lava') report({ path: ['name'], severity: 'warning', code: 'reserved-name', message: 'the test definition name "lava" is reserved: the job will fail when it runs' });
  else if (!/^[\w-]+$/.test(name)) report({ path: ['name'], severity: 'warning', code: 'wrong-value', message: `the name ${JSON.stringify(name.slice(0, 60))} has characters that are not allowed: the job will fail when it runs`, hint: 'Use letters, digits, "-" and "_".' });
};

const definition = mapping({
  repository: required(either(inlineDefinition, text())),
  from: required(text({ about: 'git, url or inline' })),
  name: required(text({ about: 'the name of the suite' })),
  path: required(text({ about: 'the file within the repository' })),
  parameters: mapping({}, { others: 'allow' }),
  params: advice(mapping({}, { others: 'allow' })),
  skip_install: advice(list(oneOf('keys', 'sources', 'deps', 'steps', 'git-repos', 'all'))),
  'lava-signal': advice(oneOf('stdout', 'kmsg')),
  expected: advice(list(text())),
  branch: advice(text()), revision: advice(text()), shallow: advice(bool()), history: advice(bool()), recursive: advice(bool()),
  compression: advice(text()), headers: advice(record(text())), 'strip-components': advice(integer({ min: 0 })),
}, { others: 'allow', rules: [shallowRevision, source, nameCharacters] });

const monitor = mapping({
  name: required(scriptName), start: required(text()), end: required(text()), pattern: required(text()),
  fixupdict: mapping({}, { others: 'allow' }), expected: list(text()),
});

const match = { message: required(text()) };
const step = mapping({
  name: scriptName,
  command: any('a text to send; nothing is sent without one'),
  successes: list(mapping(match)),
  failures: list(mapping({ ...match, exception: oneOf('InfrastructureError', 'JobError', 'TestError'), error: text() })),
  wait_for_prompt: bool(),
  delay: number(),
  'lava-send': text(), 'lava-wait': text(), 'lava-wait-all': text(), 'lava-sync': text(),
});
const script = mapping({ name: required(scriptName), prompts: required(list(text())), echo: literal('discard'), expected: list(text()), script: required(list(step)) });

const service = mapping({ name: required(text()), from: required(text()), repository: required(text()), path: required(text()) }, { others: 'allow' });

const kinds = {
  monitors: list(monitor),
  interactive: list(script),
  definitions: list(definition),
  services: list(service),
};

const oneKind: Rule = (block, report) => {
  if (Object.keys(kinds).some((kind) => Object.hasOwn(block, kind))) return;
  const keys = Object.keys(block);
  const wrong = keys.find((key) => didYouMean(key, Object.keys(kinds)));
  report({
    path: ['monitors'], code: 'missing-key', message: 'this test block has no tests', reason: 'required key not provided',
    hint: wrong ? `Did you mean "${didYouMean(wrong, Object.keys(kinds))}" instead of "${wrong}"?` : 'Add "definitions:", "monitors:", "interactive:" or "services:".',
  });
};

const notTwoKinds: Rule = (block, report) => {
  const present = Object.keys(kinds).filter((kind) => Object.hasOwn(block, kind));
  for (const extra of present.slice(1)) report({ path: [extra], part: 'key', code: 'exclusive-keys', message: `a test block runs one kind of tests: "${extra}" stands beside "${present[0]}"`, hint: 'Make it a test block of its own.' });
};

const otherKeys = advice(methodSchema({ docker: any(), name: text() }, Object.keys(kinds), [notTwoKinds]));

export const test: Schema = mapping({ ...kinds, ...blockKeys }, { others: 'allow', rules: [oneKind], also: otherKeys });
