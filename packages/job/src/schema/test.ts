import { didYouMean, nearestWord } from '@lava/base';
import { any, anyMapping, bool, either, empty, integer, list, literal, mapping, oneOf, required, text, type Rule, type Schema } from './schema.ts';
import { advised, timeout } from './common.ts';
import { isMapping } from '../mapping.ts';
import { testKind, testKinds } from './test/kinds.ts';

// What submission checks of a test block; `test/` has what the published schema and our advice check.

const scriptName = text({ pattern: /^[-_a-zA-Z0-9]+$/, reason: 'Invalid character', about: 'a name of letters, digits, "-" and "_"' });

const inlineDefinition = mapping({ metadata: anyMapping(), install: anyMapping(), run: anyMapping(), parse: anyMapping() }, { about: 'a test definition with "metadata" and "run"' });

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
    report({ path: ['from'], severity: 'warning', code: 'wrong-value', message: `"from" must be git, url or inline, not ${JSON.stringify(from.slice(0, 60))}: the job will fail when it runs`, hint: didYouMean(from, ['git', 'url', 'inline']) ?? 'Put the tests into a git repository or a tar archive.' });
  } else if (typeof from === 'string' && inline !== (from === 'inline')) {
    report({ path: ['repository'], severity: 'warning', code: 'wrong-value', message: inline ? `a definition that is written here needs "from: inline", not "from: ${from}"` : '"from: inline" needs the definition itself under "repository"', hint: inline ? 'Write "from: inline".' : 'Write the definition below "repository:", or give the address of a repository and "from: git".' });
  }
};

const definition = mapping({
  repository: required({ ...either(inlineDefinition, text()), about: 'the address of a repository, or a test definition' }),
  from: required(text({ about: 'git, url or inline' })),
  name: required(text({ about: 'the name of the suite' })),
  path: required(text({ about: 'the file within the repository' })),
  parameters: anyMapping('a mapping of shell variables, such as {SKIP: a}'),
  timeout,
}, { others: 'allow', rules: [shallowRevision, source], about: 'a mapping with "from", "repository", "path" and "name"' });

const pattern = (what: string) => required(text({ about: `a regular expression ${what}` }));
const expected = list(text(), { about: 'a list of the test cases that must have a result' });

const monitor = mapping({
  name: required(scriptName), start: pattern('for what begins the monitor'), end: pattern('for what ends the monitor'), pattern: pattern('for results'),
  fixupdict: anyMapping(), expected,
});

const match = { message: required(text({ about: 'a regular expression' })) };
const step = mapping({
  name: scriptName,
  command: either(empty(), text()),
  successes: list(mapping(match, { about: '{message: PATTERN}' })),
  failures: list(mapping({ ...match, exception: oneOf('InfrastructureError', 'JobError', 'TestError'), error: text() })),
  wait_for_prompt: bool(),
  delay: integer({ about: 'a number of seconds' }),
  'lava-send': text(), 'lava-wait': text(), 'lava-wait-all': text(), 'lava-sync': text(),
});
const script = mapping({ name: required(scriptName), prompts: required(list(any(), { about: 'a list of regular expressions for the prompts' })), echo: literal('discard', { about: '"discard", or left out' }), expected, script: required(list(step, { about: 'a list of what to send and what to expect' })) });

const kinds = { monitors: list(monitor), interactive: list(script), definitions: list(definition), services: list(any()) };

const oneKind: Rule = (block, report) => {
  if (Object.keys(kinds).some((kind) => Object.hasOwn(block, kind))) return;
  const wrong = Object.keys(block).find((key) => nearestWord(key, Object.keys(kinds)));
  report({
    path: ['monitors'], code: 'missing-key', message: 'this test block has no tests', reason: 'required key not provided',
    hint: wrong ? `Did you mean "${nearestWord(wrong, Object.keys(kinds))}" instead of "${wrong}"?` : 'Add "definitions:", "monitors:", "interactive:" or "services:".',
  });
};

const notTwoKinds: Rule = (block, report) => {
  const present = Object.keys(kinds).filter((kind) => Object.hasOwn(block, kind));
  for (const extra of present.slice(1)) report({ path: [extra], part: 'key', severity: 'warning', code: 'exclusive-keys', message: `a test block runs one kind of tests: "${extra}" stands beside "${present[0]}"`, hint: 'Make it a test block of its own.' });
};

const of = Object.fromEntries(Object.entries(testKinds).map(([kind, schema]) => [kind, advised(schema, Object.keys(kinds).filter((key) => schema.kind !== 'mapping' || !Object.hasOwn(schema.fields, key)))]));

export const test: Schema = mapping({ ...kinds, timeout }, { others: 'allow', rules: [oneKind, notTwoKinds], sort: { name: testKind, of } });
