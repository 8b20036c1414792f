import { execFileSync, spawnSync } from 'node:child_process';
import { Environment, TemplateError } from '../src/index.ts';
import { PyFloat } from '../src/python/values.ts';

/** A template, what it is given, and the templates that it can load. */
export interface Case {
  readonly source: string;
  readonly context?: Readonly<Record<string, unknown>>;
  readonly templates?: Readonly<Record<string, string>>;
}

/** What a render gives: its text, or that it fails. CPython, which has no limits, gives up after a while. */
export type Outcome = { readonly text: string } | { readonly error: string } | { readonly gaveUp: true };

// Whitespace as LAVA's templates have it; {"$float": "1.0"} is a float, so that JSON does not lose what it is.
const script = `
import json, resource, signal, sys, jinja2
from jinja2.sandbox import SandboxedEnvironment
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
class GaveUp(BaseException):
    pass
def give_up(*args):
    raise GaveUp()
signal.signal(signal.SIGALRM, give_up)
def value(x):
    if isinstance(x, dict):
        return float(x['$float']) if '$float' in x else {k: value(v) for k, v in x.items()}
    return [value(v) for v in x] if isinstance(x, list) else x
def render(case):
    env = SandboxedEnvironment(autoescape=False, trim_blocks=True, loader=jinja2.DictLoader(case.get('templates') or {}))
    signal.alarm(3)
    try:
        return {'text': env.from_string(case['source']).render(value(case.get('context') or {}))}
    except (GaveUp, MemoryError):
        return {'gaveUp': True}
    except Exception as error:
        return {'error': type(error).__name__ + ': ' + str(error)}
    finally:
        signal.alarm(0)
json.dump([render(case) for case in json.load(sys.stdin)], sys.stdout)
`;

/** A Python with Jinja2 (Debian: python3-jinja2), or undefined. */
export const python = ['python3', '/usr/bin/python3'].find((program) => spawnSync(program, ['-c', 'import jinja2.sandbox']).status === 0);

/** Renders all cases with CPython's Jinja2. */
export function renderWithPython(cases: readonly Case[]): Outcome[] {
  const input = JSON.stringify(cases, (_, value: unknown) => (value instanceof PyFloat ? { $float: String(value.value) } : value));
  return JSON.parse(execFileSync(python as string, ['-W', 'ignore', '-c', script], { input, encoding: 'utf8', maxBuffer: 1 << 28 })) as Outcome[];
}

/** Renders a case with this package. Anything but a TemplateError is a bug and passes through. */
export function renderHere({ source, context, templates = {} }: Case): Outcome {
  const environment = new Environment({ loader: (name) => (Object.hasOwn(templates, name) ? templates[name] : undefined) });
  try {
    return { text: environment.renderText(source, context) };
  } catch (error) {
    if (error instanceof TemplateError) return { error: error.reason };
    throw error;
  }
}
