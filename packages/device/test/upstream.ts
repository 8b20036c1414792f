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
import json, sys, shlex, jinja2
from jinja2.sandbox import SandboxedEnvironment
env = SandboxedEnvironment(autoescape=False, trim_blocks=True, loader=jinja2.FileSystemLoader(sys.argv[1]))
env.filters['shlex_quote'] = lambda text: shlex.quote(str(text))
env.filters['qemu_guest_fs_interface'] = lambda arch, override='': override or ('ide' if arch in ('amd64', 'x86_64', 'i386') else 'virtio')
def render(case):
    try:
        return {'text': env.from_string(case['source']).render(case['context'])}
    except Exception as error:
        return {'error': type(error).__name__}
json.dump([render(case) for case in json.load(sys.stdin)], sys.stdout)
`;

/** Renders with CPython and upstream's device types. */
export function renderUpstream(cases: readonly Render[]): Outcome[] {
  return JSON.parse(execFileSync(python as string, ['-W', 'ignore', '-c', script, upstreamTypes as string], { input: JSON.stringify(cases), encoding: 'utf8', maxBuffer: 1 << 28 })) as Outcome[];
}

const environment = new Environment({ filters: deviceFilters });

/** Renders with this project's Jinja and the device types of a folder. */
export function renderFrom({ source, context }: Render, folder: string): Outcome {
  try {
    return { text: environment.renderText(source, context, 'board', (name) => readTemplate(name, [folder])) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}
