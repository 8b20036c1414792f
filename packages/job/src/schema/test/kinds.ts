import { isMapping } from '../../mapping.ts';
import { any, anyMapping, beyond, bool, either, eitherMeant, empty, integer, list, literal, mapping, oneOf, required, text } from '../schema.ts';
import { docker } from '../common.ts';
import { definition, fixupdict, resultFormat, testName } from './definitions.ts';

const notEmpty = text({ min: 1 });
const expected = list(text(), { about: 'the test cases that have to have a result' });
const pattern = (about: string) => required(text({ about }));

/** Names of definitions may have a dot; submission refuses it in those of monitors and scripts. */
const nameWithoutDot = { ...testName, submission: { pattern: '^[-_a-zA-Z0-9]+$' } };

const anyMonitor = {
  name: required(nameWithoutDot),
  start: pattern('a regular expression: the monitor begins when it is met'),
  end: pattern('a regular expression: the monitor ends when it is met'),
  expected,
};
const patternMonitor = mapping({ ...anyMonitor, pattern: pattern('a regular expression with the groups test_case_id and result, or measurement'), fixupdict });
const formatMonitor = mapping({ ...anyMonitor, format: beyond(required(resultFormat)) });
const monitor = eitherMeant((value) => (isMapping(value) && value['format'] !== undefined ? 1 : 0), patternMonitor, formatMonitor);

const message = { message: required({ ...notEmpty, about: 'a regular expression' }) };
const step = mapping({
  name: { ...testName, about: 'the name of a test case; without one a failure ends the test' },
  command: { ...either(text(), empty()), about: 'a text to send; nothing is sent without one' },
  delay: integer({ about: 'a number of seconds to wait' }),
  'lava-send': text(), 'lava-sync': text(), 'lava-wait': text(), 'lava-wait-all': text(),
  wait_for_prompt: bool('false: go on without waiting for a prompt'),
  successes: list(mapping(message), { about: 'what means success' }),
  failures: list(mapping({ ...message, exception: { ...oneOf('InfrastructureError', 'JobError', 'TestError'), about: 'the kind of error that ends the job' }, error: { ...notEmpty, about: 'the text of the error' } }), { about: 'what means failure' }),
});

const script = mapping({
  name: required(nameWithoutDot),
  prompts: required(list(notEmpty, { about: 'regular expressions for the prompts' })),
  echo: literal('discard', { about: 'leave out the line that repeats the command' }),
  expected,
  script: required(list(step, { about: 'what to send and what to expect' })),
});

const service = mapping({
  name: required(text()),
  from: required(oneOf('git', 'url')),
  repository: required(text()),
  path: required(text({ about: 'the compose file in the repository' })),
  service: text(), branch: text(), revision: text(), history: bool(), recursive: bool(), shallow: beyond(bool()),
  compression: text(), headers: anyMapping(), 'strip-components': beyond(integer()),
});

const name = beyond(text());

/** What a test block can be, by the name LAVA has for its kind. */
export const testKinds = {
  definition: mapping({ definitions: required(list(definition, { about: 'test definitions' })), name }, { about: 'tests in a shell of the device' }),
  docker: mapping({
    definitions: required(list(definition, { about: 'test definitions' })),
    docker: required(docker('image', { wait: beyond(any()), results: beyond(any()) })),
    'downloads-namespace': text({ about: 'the namespace whose downloads the container sees' }),
    disconnect_connection: bool("close the device's connection first"),
    name,
  }, { about: 'tests in a container on the worker' }),
  interactive: mapping({ interactive: required(list(script, { about: 'scripts' })), name }, { about: 'texts sent to the device and what it answers' }),
  monitor: mapping({ monitors: required(list(monitor, { about: 'monitors' })), name }, { about: 'results read from what the device prints by itself' }),
  service: mapping({ services: required(list(service, { about: 'services' })), name }, { about: 'services started beside the device' }),
} as const;

/** The kind of a test block, or undefined. */
export function testKind(block: object): keyof typeof testKinds | undefined {
  const has = (key: string) => Object.hasOwn(block, key);
  if (has('definitions')) return has('docker') ? 'docker' : 'definition';
  return has('interactive') ? 'interactive' : has('monitors') ? 'monitor' : has('services') ? 'service' : undefined;
}
