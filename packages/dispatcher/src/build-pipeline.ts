import { JobError } from '@lava/base';
import { isMapping, mappingAt } from '@lava/job';
import { asText } from './text/as-text.ts';
import { bootMethods } from './boot/methods.ts';
import { deployMethods } from './deploy/methods.ts';
import { userCommand } from './power/user-command.ts';
import { testMethods } from './test/methods.ts';
import type { ActionSpec, Parameters, Section } from './pipeline/action.ts';
import { deploymentData } from './pipeline/deployment-data.ts';
import { finalize } from './finalize.ts';
import type { JobContext, TestNeeds } from './pipeline/job-context.ts';
import { LiveAction } from './pipeline/live-action.ts';
import type { JobRuntime } from './pipeline/runtime.ts';
import { selectMethod } from './pipeline/select-method.ts';

interface Block {
  readonly kind: string;
  readonly parameters: Parameters;
}

/** The blocks of a job definition in order, each with its namespace. @throws JobError for what is no block */
export function readBlocks(definition: Readonly<Record<string, unknown>>): Block[] {
  const { actions } = definition;
  if (!Array.isArray(actions)) throw new JobError("The job definition has no list of 'actions'", { code: 'no-actions' });
  const protocols = mappingAt(definition, 'protocols') ?? {};
  return actions.map((entry: unknown) => {
    const [first, ...more] = isMapping(entry) ? Object.entries(entry) : [];
    if (!first || more.length > 0) throw new JobError("Every entry of 'actions' must have exactly one of: deploy, boot, test, command", { code: 'action-shape' });
    const [kind, parameters] = first;
    if (!['deploy', 'boot', 'test', 'command'].includes(kind)) throw new JobError(`Unknown action name '${kind}'`, { code: 'unknown-action' });
    if (!isMapping(parameters)) throw new JobError(`The parameters of '${kind}' must be a mapping`, { code: 'action-shape' });
    return { kind, parameters: { ...protocols, ...parameters, namespace: parameters['namespace'] ?? 'common' } };
  });
}

const needsOverlay = (p: Parameters) => p['definitions'] !== undefined;
const needsShell = (p: Parameters) => p['definitions'] !== undefined && p['docker'] === undefined;

/** What the test blocks of each namespace will need of the blocks before them. */
export function testNeeds(blocks: readonly Block[]): Map<string, TestNeeds> {
  const needs = new Map<string, TestNeeds>();
  for (const { kind, parameters } of blocks) {
    if (kind !== 'test') continue;
    for (const namespace of new Set([parameters['namespace'], parameters['connection-namespace'] ?? parameters['namespace']].map(asText))) {
      const before = needs.get(namespace);
      needs.set(namespace, {
        overlay: needsOverlay(parameters) || (before?.overlay ?? false),
        deploymentData: needsShell(parameters) || (before?.deploymentData ?? false),
        shell: needsShell(parameters) || (before?.shell ?? false),
      });
    }
  }
  return needs;
}

/** All actions of a job, `finalize` last. */
export function buildPipeline(job: JobContext, runtime: JobRuntime, blocks: readonly Block[]): LiveAction[] {
  const stages = new Map<string, number>();
  const pipeline: LiveAction[] = [];
  const add = (spec: ActionSpec, section: Section, parameters: Parameters) => {
    pipeline.push(new LiveAction(spec, { job, runtime, section, level: String(pipeline.length + 1), parameters: { ...parameters, ...spec.parameters } }));
  };
  for (const { kind, parameters } of blocks) {
    const namespace = asText(parameters['namespace']);
    if (kind === 'deploy') {
      const data = job.tests.get(namespace)?.deploymentData || 'preseed' in parameters ? deploymentData(parameters['os']) : undefined;
      if (data) runtime.deployments.set(namespace, data);
      const withData = data ? { ...parameters, deployment_data: data } : parameters;
      add(selectMethod('deploy', deployMethods, job, withData).build(job, withData), 'deploy', withData);
    } else if (kind === 'boot') {
      add(selectMethod('boot', bootMethods, job, parameters).build(job, parameters), 'boot', parameters);
    } else if (kind === 'test') {
      const stage = stages.get(namespace) ?? 0;
      if (needsOverlay(parameters)) stages.set(namespace, stage + 1);
      const staged = { ...parameters, stage };
      add(selectMethod('test', testMethods, job, staged).build(job, staged), 'test', staged);
    } else {
      add(userCommand(parameters), 'command', parameters);
    }
  }
  add(finalize(runtime), 'finalize', { namespace: 'common' });
  return pipeline;
}
