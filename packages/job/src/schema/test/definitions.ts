import { anyMapping, beyond, bool, eitherMeant, integer, list, literal, mapping, named, oneOf, record, required, text, type Rule, type Schema } from '../schema.ts';
import { isMapping } from '../../mapping.ts';

const texts = (about?: string) => list(text(), { about });

/** Names of results that a test prints, and what LAVA calls them. */
export const fixupdict = record(oneOf('pass', 'fail', 'skip', 'unknown'), { about: "LAVA's results by the words that the test prints" });

const gitRepository = mapping({ url: required(text({ about: 'the address of a git repository' })), branch: text(), destination: text() });

/** A format in which tests print their results by themselves. */
export const resultFormat = { ...oneOf('ktap', 'tap', 'junit'), about: 'the format in which results are printed' };

/** A test definition file, or the same written into a job. */
export const testDefinition = named('testDefinition', mapping({
  metadata: required(mapping({
    format: required(literal('Lava-Test Test Definition 1.0', { about: 'the format that LAVA runs; it runs no manual tests and no plans' })),
    name: required(text({ about: 'the name of the test' })),
    description: text(),
    environment: texts(), devices: texts(), maintainer: texts(), scope: texts(), os: texts(),
  }, { about: 'what the test is' })),
  install: mapping({
    deps: texts('packages to install'),
    'git-repos': list(eitherMeant((value) => (isMapping(value) ? 1 : 0), text(), gitRepository), { about: 'git repositories that the worker fetches' }),
    keys: texts('keys of package sources'),
    sources: texts('package sources'),
    steps: texts('shell commands'),
  }, { keys: /^deps-.+/, others: texts('a list of packages to install on this distribution'), about: 'what the test needs' }),
  parameters: anyMapping('shell variables with their defaults'),
  params: anyMapping('shell variables with their defaults'),
  parse: mapping({ fixupdict, pattern: beyond(text({ about: 'a regular expression with named groups for results that the test prints' })), format: beyond(resultFormat) }, { about: 'how results are found in the output' }),
  run: mapping({ steps: required(texts('a list of shell commands')) }, { about: 'the test itself' }),
  expected: texts('the test cases that have to have a result'),
}));

const nameCharacters: Rule = (definition, report) => {
  const name = definition['name'];
  if (typeof name !== 'string') return;
  if (name === 'lava') report({ path: ['name'], severity: 'warning', code: 'reserved-name', message: 'the test definition name "lava" is reserved: the job will fail when it runs', hint: 'Choose another name: "lava" is the suite of LAVA\'s own results.' });
  else if (/^[-_a-zA-Z0-9.]+$/.test(name) && name.includes('.')) report({ path: ['name'], severity: 'warning', code: 'wrong-value', message: `the name ${JSON.stringify(name.slice(0, 60))} has a dot: the job will fail when it runs`, hint: 'Use letters, digits, "-" and "_".' });
};

/** Names of definitions and scripts. */
export const testName = text({ pattern: /^[-_a-zA-Z0-9.]+$/, about: 'a name of letters, digits, "-" and "_"' });

const everyDefinition = {
  path: required(text({ about: 'the file in the repository' })),
  name: required({ ...testName, about: 'the name of the suite that results appear in' }),
  skip_install: list(oneOf('keys', 'sources', 'deps', 'steps', 'git-repos', 'all'), { about: 'parts of the installation to leave out' }),
  'lava-signal': { ...oneOf('kmsg', 'stdout'), about: 'where the test prints its results' },
  expected: texts('the test cases that have to have a result'),
};

const parameters = { parameters: anyMapping('shell variables for the test'), params: anyMapping('shell variables for the test') };

const sources = ['git', 'url', 'inline'];
const meantSource = (value: unknown) => {
  if (!isMapping(value)) return undefined;
  const { from, repository } = value;
  const index = typeof from === 'string' ? sources.indexOf(from) : -1;
  return index >= 0 ? index : isMapping(repository) ? 2 : 0;
};

const options = { rules: [nameCharacters] };

/** One entry of `definitions`. */
export const definition: Schema = eitherMeant(meantSource,
  { ...mapping({
    repository: required(text({ about: 'the address of the git repository' })),
    from: required(literal('git')),
    branch: text({ about: 'the branch to fetch' }),
    revision: text({ about: 'the commit to use' }),
    history: bool('false: leave out the .git directory'),
    shallow: beyond(bool('fetch only the newest commit; true if not said')),
    recursive: bool('fetch submodules too'),
    ...everyDefinition, ...parameters,
  }, options), submission: { not: { required: ['revision', 'shallow'], properties: { shallow: { const: true } } } } },
  mapping({
    repository: required(text({ about: 'the address of a tar archive' })),
    from: required(literal('url')),
    compression: text({ about: 'how the archive is compressed' }),
    headers: anyMapping('HTTP headers to send, by name'),
    'strip-components': integer({ min: 0, about: 'the number of leading directories to leave out' }),
    ...everyDefinition, ...parameters,
  }, options),
  mapping({
    // Submission knows no other parts of a definition that is written into a job.
    repository: required({ ...testDefinition, submission: { propertyNames: { enum: ['metadata', 'install', 'run', 'parse'] } } }),
    from: required(literal('inline')),
    ...everyDefinition, parameters: beyond(parameters.parameters), params: beyond(parameters.params),
  }, options),
);
