import { execFileSync } from 'node:child_process';

/** What LAVA's own validators say of a definition: all messages of the first one that refuses, with places as Python prints them. */
export interface Verdict {
  readonly strict: readonly (readonly [msg: string, path: string])[];
  readonly lax: readonly (readonly [msg: string, path: string])[];
  /** Messages at submission. */
  readonly submit: readonly string[];
}

const testDefinitions = `
import json, sys
from voluptuous import MultipleInvalid
from lava_common.schemas.test import testdef

def check(definition):
    try:
        testdef.validate(definition)
        return []
    except MultipleInvalid as exc:
        return [str(e) for e in exc.errors]

json.dump([check(d) for d in json.load(sys.stdin)], sys.stdout)
`;

const jobs = `
import json, sys
from django.conf import settings
settings.configure(EXTRA_CONTEXT_VARIABLES=[])
from voluptuous import Invalid, MultipleInvalid
from lava_common import schemas
from lava_scheduler_app import schema

def errors(exc):
    return exc.errors if isinstance(exc, MultipleInvalid) else [exc]

def published(job, strict):
    try:
        schemas.validate(job, strict=strict)
        return []
    except Invalid as exc:
        return [[e.msg, repr(list(e.path))] for e in errors(exc)]
    except Exception as exc:
        return [['crash ' + type(exc).__name__, '']]

def submission(job):
    try:
        schema.validate_submission(job)
        return []
    except schema.SubmissionException as exc:
        return [str(e) for e in (errors(exc.args[0]) if isinstance(exc.args[0], Invalid) else [exc])]
    except Exception as exc:
        return ['crash ' + type(exc).__name__]

json.dump([{'strict': published(j, True), 'lax': published(j, False), 'submit': submission(j)} for j in json.load(sys.stdin)], sys.stdout)
`;

const candidates = [process.env['LAVA_PYTHON'], '/usr/bin/python3', 'python3'];

/** A Python that has LAVA's packages (Debian: lava-common and lava-server), or undefined. */
export const upstream = candidates.find((python) => {
  try {
    execFileSync(python ?? '', ['-c', 'import lava_common.schemas, lava_scheduler_app'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

const ask = (script: string, questions: readonly unknown[]): unknown =>
  JSON.parse(execFileSync(upstream ?? '', ['-W', 'ignore', '-c', script], { input: JSON.stringify(questions), encoding: 'utf8', maxBuffer: 1 << 28 }));

export const upstreamVerdicts = (definitions: readonly unknown[]) => ask(jobs, definitions) as Verdict[];

/** Messages of LAVA's check of test definition files. */
export const upstreamTestDefinitions = (definitions: readonly unknown[]) => ask(testDefinitions, definitions) as string[][];
