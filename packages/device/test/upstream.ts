import { execFileSync } from 'node:child_process';
import { Environment } from '@lava/jinja';
import { upstreamDeviceTypes } from '../../../tests/support/upstream-packages.ts';
import { python } from '../../jinja/test/cpython.ts';
import { deviceFilters } from '../src/filters.ts';
import { readTemplate } from '../src/templates.ts';

export const upstreamTypes = upstreamDeviceTypes();
export const canCompare = upstreamTypes !== undefined && python !== undefined;

/** A device dictionary and what the job and the scheduler add. */
export interface Render { readonly source: string; readonly context: Readonly<Record<string, unknown>> }
export type Outcome = { readonly text: string } | { readonly error: string };

const script = `
import json, sys, shlex, jinja2, yaml
from jinja2.sandbox import SandboxedEnvironment
env = SandboxedEnvironment(autoescape=False, trim_blocks=True, loader=jinja2.FileSystemLoader(sys.argv[1]))
env.filters['shlex_quote'] = lambda text: shlex.quote(str(text))
env.filters['qemu_guest_fs_interface'] = lambda arch, override='': override or ('ide' if arch in ('amd64', 'x86_64', 'i386') else 'virtio')
def render(case):
    try:
        return {'text': env.from_string(case['source']).render(case['context'])}
    except Exception as error:
        return {'error': type(error).__name__}
loader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
loaded = {}
def load(case):
    text = render(case).get('text', '')
    try:
        # Many dictionaries change nothing for a type.
        if text not in loaded:
            loaded[text] = yaml.load(text, Loader=loader)
        return loaded[text]
    except yaml.YAMLError:
        return None
does = {'render': render, 'load': load}[sys.argv[2]]
json.dump([does(case) for case in json.load(sys.stdin)], sys.stdout, default=str)
`;

/** Renders with CPython and upstream's device types. */
export const renderUpstream = (cases: readonly Render[]): Outcome[] => run('render', cases) as Outcome[];

/** The configurations that CPython and upstream's device types give; undefined where they give none. */
export const loadUpstream = (cases: readonly Render[]): unknown[] => run('load', cases).map((value) => value ?? undefined);

function run(what: 'render' | 'load', cases: readonly Render[]): unknown[] {
  const input = JSON.stringify(cases);
  return JSON.parse(execFileSync(python as string, ['-W', 'ignore', '-c', script, upstreamTypes as string, what], { input, encoding: 'utf8', maxBuffer: 1 << 29 })) as unknown[];
}

const environment = new Environment({ filters: deviceFilters });
const texts = new Map<string, string | undefined>();

/** Text of a template, read once: thousands of dictionaries extend the same few. */
function textOf(name: string, folder: string): string | undefined {
  const path = `${folder}/${name}`;
  if (!texts.has(path)) texts.set(path, readTemplate(name, [folder]));
  return texts.get(path);
}

/** Renders with this project's Jinja and the device types of a folder. */
export function renderFrom({ source, context }: Render, folder: string): Outcome {
  try {
    return { text: environment.renderText(source, context, 'board', (name) => textOf(name, folder)) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}
