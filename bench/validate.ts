import { spawnSync } from 'node:child_process';
import { checkJob, validateJob } from '../packages/job/src/index.ts';
import { jobs } from '../packages/job/test/corpus/jobs.ts';

// How many typical definitions are read and checked in a second on one core, beside LAVA's own validators: the loose check
// of a submission and the published schema. Theirs need the Debian packages lava-common, lava-server and python3-yaml.

interface Row { readonly name: string; readonly value: string; readonly unit: string; readonly goal?: string }

const texts = Object.values(jobs);

const upstream = `
import json, sys, time, yaml
from django.conf import settings
settings.configure(EXTRA_CONTEXT_VARIABLES=[])
from lava_common import schemas
from lava_scheduler_app import schema
texts = json.load(sys.stdin)
loader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)

def rate(check):
    for text in texts:
        check(yaml.load(text, Loader=loader))
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < 3:
        for text in texts:
            check(yaml.load(text, Loader=loader))
        count += len(texts)
    return count / (time.perf_counter() - started)

json.dump([rate(schema.validate_submission), rate(lambda job: schemas.validate(job, strict=False))], sys.stdout)
`;

/** Definitions a second that a check does, after a second to warm up. */
function rate(check: (text: string) => unknown): number {
  const run = (milliseconds: number): number => {
    const started = performance.now();
    let count = 0;
    while (performance.now() - started < milliseconds) {
      for (const text of texts) check(text);
      count += texts.length;
    }
    return (count * 1000) / (performance.now() - started);
  };
  run(1000);
  return run(3000);
}

function upstreamRates(): [number, number] | undefined {
  const { status, stdout } = spawnSync(process.env['LAVA_PYTHON'] ?? '/usr/bin/python3', ['-W', 'ignore', '-c', upstream], { input: JSON.stringify(texts), encoding: 'utf8' });
  return status === 0 ? (JSON.parse(stdout) as [number, number]) : undefined;
}

export async function run(): Promise<Row[]> {
  const ours = { submission: rate(checkJob), published: rate((text) => validateJob(text)) };
  const theirs = upstreamRates();
  const beside = (name: string, rate: number | undefined): Row => ({ name, value: rate === undefined ? 'not installed' : rate.toFixed(0), unit: '/s' });
  return [
    { name: 'check at submission, with advice', value: ours.submission.toFixed(0), unit: '/s', goal: '>= 1000' },
    beside("check at submission, LAVA's own", theirs?.[0]),
    { name: 'published schema', value: ours.published.toFixed(0), unit: '/s', goal: '>= 1000' },
    beside("published schema, LAVA's own", theirs?.[1]),
  ];
}
