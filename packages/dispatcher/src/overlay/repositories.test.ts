import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { YamlFloat } from '@lava/yaml';
import { ShellBoard } from '../testing/shell-board.ts';

let board: ShellBoard;
let repository: string;
let firstCommit: string;
const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-C', repository, ...args], { encoding: 'utf8' }).trim();

beforeAll(async () => {
  board = await ShellBoard.create();
  repository = join(board.folder, 'repo');
  mkdirSync(join(repository, 'auto'), { recursive: true });
  writeFileSync(join(repository, 'auto/t.yaml'), `
metadata: {format: Lava-Test Test Definition 1.0, name: thing, os: [oe], devices: [qemu], scope: [x]}
params: {A: one, V: 2.0}
parameters: {B: two words}
install:
  deps: [foo]
  keys: [k]
  git-repos: [{url: WHERE, destination: sub}]
  steps: [echo installing in $(pwd)]
run:
  steps:
  - echo "$A $B $V"
  - cat testdef_metadata
  - test -d .git && lava-test-case history --result pass
  - test -f sub/auto/t.yaml && lava-test-case sub --result pass
  -
  - 42 > /dev/null 2>&1 || true
  - lava-test-case done --result pass
expected: [done]
`);
  symlinkSync('/etc/passwd', join(repository, 'auto/outside.yaml'));
  writeFileSync(join(repository, 'auto/broken.yaml'), 'run: [\n');
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-qm', 'first');
  firstCommit = git('rev-parse', 'HEAD');
  writeFileSync(join(repository, 'later'), '');
  git('add', '-A');
  git('commit', '-qm', 'second');
});
afterAll(() => board.remove());

const ofTest = (cases: readonly string[]) => cases.filter((entry) => !/^lava\/(validate|test-|file-|login|kernel|power|job)/.test(entry));

test('definitions out of git: branch, revision, history, parameters, what is installed', async () => {
  const entry = { from: 'git', repository, path: 'auto/t.yaml', parameters: { B: 'job', WHERE: repository } };
  const { outcome, cases, results, texts } = await board.run([{
    definitions: [
      { ...entry, name: 'all', branch: 'main', skip_install: ['deps', 'keys'] },
      { ...entry, name: 'old', revision: firstCommit, history: false, skip_install: ['all'], expected: ['done', 'x'] },
    ],
  }], { deploy: { os: 'oe' }, job: { context: { lava_test_results_dir: `${board.folder}/lava-%s`, lava_test_sh_cmd: '/bin/dash' } } });
  expect(outcome).toMatchObject({ result: 'pass' });
  expect(ofTest(cases)).toEqual([
    'lava/git-repo-action=pass', 'lava/git-repo-action=pass',
    '0_all/history=fail', '0_all/sub=fail', '0_all/done=pass', 'lava/0_all=pass',
    '1_old/done=pass', '1_old/x=fail', 'lava/1_old=pass',
  ]);
  expect(texts('target')).toEqual(expect.arrayContaining(['one job 2.0', `installing in ${board.folder}/lava-1/0/tests/0_all`, 'branch_vcs: git', 'project_name: thing', `commit_id: ${firstCommit}`]));
  expect(results.find((result) => result['case'] === '0_all')).toMatchObject({ repository, path: 'auto/t.yaml', revision: 'unspecified', commit_id: git('rev-parse', 'HEAD') });
  expect(texts('debug').find((line) => line.startsWith("Running '/usr/bin/git clone -b main --depth=1"))).toBeDefined();
  expect(texts('info')).toContain(`Fetching tests from ${repository}`);
}, 60_000);

test('definitions out of an archive', async () => {
  execFileSync('tar', ['-C', board.folder, '-czf', join(board.folder, 'repo.tar.gz'), 'repo/auto']);
  const { outcome, cases } = await board.run([{
    definitions: [{ from: 'url', name: 'tarred', repository: `file://${board.folder}/repo.tar.gz`, path: 'auto/t.yaml', 'strip-components': 1, skip_install: ['all'], expected: ['done'] }],
  }]);
  expect(outcome.result).toBe('pass');
  expect(ofTest(cases)).toEqual(['lava/url-repo-action=pass', '0_tarred/done=pass', 'lava/0_tarred=pass']);
});

test.each([
  ['nowhere.yaml', /^Unable to open test definition 'nowhere.yaml': there is no such file in the repository$/],
  ['auto/outside.yaml', /it leads out of its repository/],
  ['auto/broken.yaml', /^Unable to open test definition 'auto\/broken.yaml': /],
])('%s cannot be opened', async (path, message) => {
  const { outcome } = await board.run([{ definitions: [{ from: 'git', name: 'x', repository, path }] }]);
  expect(outcome).toMatchObject({ errorType: 'Job', errorMessage: expect.stringMatching(message) as unknown });
});

test('numbers of parameters stay as they are written', async () => {
  const { texts } = await board.run([{ definitions: [{
    from: 'inline', name: 'floats', path: 'f.yaml', parameters: { JOB: new YamlFloat(2), B: true },
    repository: { metadata: { format: 'Lava-Test Test Definition 1.0', name: 'f' }, params: { FILE: new YamlFloat(1) }, run: { steps: ['echo "$FILE $JOB $B"'] } },
  }] }]);
  expect(texts('target')).toContain('1.0 2.0 True');
});
