// Stands for lava-run in tests of the worker: the same command line and files, and a job definition in JSON that says
// what to do: {"lines": 100, "pause": 5, "text": "…", "hang": true, "orphan": true, "deaf": true, "stderr": "…", "crash": true,
// "ask": {"request": "…"}, "results": [{"definition": "…", "case": "…", "result": "pass"}]}
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { load } from 'js-yaml';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'job-id': { type: 'string' }, 'output-dir': { type: 'string' }, device: { type: 'string' }, dispatcher: { type: 'string' }, 'env-dut': { type: 'string' },
  },
});
const folder = values['output-dir'];
const job = load(readFileSync(positionals[0], 'utf8'));
// A whole job definition, which a real server takes, has it in its metadata.
const plan = job.metadata ?? job;
let number = 0;
const record = (lvl, msg) => `- ${JSON.stringify({ dt: new Date().toISOString().replace('Z', '000+00:00'), lvl, msg }).replaceAll('":', '": ').replaceAll(',"', ', "')}\n`;
let written = 0;
function log(text) {
  appendFileSync(join(folder, 'logs.yaml'), text);
  written += text.split('\n').length - 1;
}

function end(result, extra = {}) {
  const mapping = { definition: 'lava', case: 'job', result, ...extra };
  log(record('results', mapping));
  writeFileSync(join(folder, 'result.yaml'), JSON.stringify({ ...mapping, log_lines: written }));
  process.exit(result === 'pass' ? 0 : 1);
}

process.on('SIGTERM', () => {
  log(record('info', 'got SIGTERM'));
  if (!plan.deaf) end('fail', { error_msg: 'The job was canceled', error_type: 'Canceled' });
});
writeFileSync(join(folder, 'description.yaml'), JSON.stringify({ job: {}, pipeline: [{ name: 'finalize', timeout: plan.finalize ?? 0 }] }));
if (plan.stderr) process.stderr.write(plan.stderr);
if (plan.environment) log(record('debug', JSON.stringify(process.env)));
if (plan.orphan) {
  const child = spawn('sleep', ['3600'], { detached: true, stdio: 'ignore' });
  child.unref();
  log(record('debug', `orphan ${child.pid}`));
}
const batch = plan.batch ?? 1;
while (number < (plan.lines ?? 0)) {
  let text = '';
  for (let i = 0; i < batch && number < plan.lines; i++) text += record('target', `${plan.text ?? 'line'} ${number++}`);
  log(text);
  if (plan.pause) await new Promise((resolve) => { setTimeout(resolve, plan.pause); });
}
if (plan.ask) {
  appendFileSync(join(folder, 'calls.jsonl'), `${JSON.stringify({ call: 0, request: plan.ask })}\n`);
  const answers = join(folder, 'answers.jsonl');
  while (!existsSync(answers) || !readFileSync(answers, 'utf8').endsWith('\n')) await new Promise((resolve) => { setTimeout(resolve, 20); });
  for (const line of readFileSync(answers, 'utf8').trim().split('\n')) log(record('info', `answer ${line}`));
}
for (const result of plan.results ?? []) log(record('results', result));
if (plan.crash) { appendFileSync(join(folder, 'logs.yaml'), '- {"dt": "torn'); process.kill(process.pid, 'SIGKILL'); }
if (plan.hang) await new Promise((resolve) => { setTimeout(resolve, 3_600_000); });
end('pass');
