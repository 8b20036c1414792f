import { execFileSync, spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fromDebianPackage } from '../../../tests/support/upstream-packages.ts';

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

/** Debian's packages that LAVA's validators are made of, each with a module that it has. */
const packages = { 'lava-common': 'lava_common', 'lava-server': 'lava_scheduler_app', 'python3-voluptuous': 'voluptuous', 'python3-django': 'django', 'python3-asgiref': 'asgiref' };

/** A Python and where it finds LAVA's modules. */
interface Python { readonly program: string; readonly path: string }

const works = ({ program, path }: Python): boolean =>
  spawnSync(program, ['-W', 'ignore', '-c', 'import lava_common.schemas, lava_scheduler_app, django, voluptuous, yaml'], { stdio: 'ignore', env: { ...process.env, PYTHONPATH: path } }).status === 0;

function findUpstream(): Python | undefined {
  const program = process.env['LAVA_PYTHON'] ?? '/usr/bin/python3';
  const installed = { program, path: '' };
  if (works(installed)) return installed;
  const folders = Object.entries(packages).map(([name, module]) => fromDebianPackage(name, `/usr/lib/python3/dist-packages/${module}`));
  const unpacked = { program, path: folders.flatMap((folder) => (folder === undefined ? [] : [dirname(folder)])).join(':') };
  return folders.includes(undefined) || !works(unpacked) ? undefined : unpacked;
}

/** A Python with LAVA's validators: Debian's packages, installed or unpacked into .cache; undefined where there are none. */
export const upstream = findUpstream();

const ask = (script: string, questions: readonly unknown[]): unknown =>
  JSON.parse(execFileSync(upstream?.program ?? '', ['-W', 'ignore', '-c', script], { input: JSON.stringify(questions), encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, PYTHONPATH: upstream?.path } }));

export const upstreamVerdicts = (definitions: readonly unknown[]) => ask(jobs, definitions) as Verdict[];

/** Messages of LAVA's check of test definition files. */
export const upstreamTestDefinitions = (definitions: readonly unknown[]) => ask(testDefinitions, definitions) as string[][];
