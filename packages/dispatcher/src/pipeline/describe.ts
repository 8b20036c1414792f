import type { PipelineAction } from './pipeline-action.ts';

const camelCase = (name: string) => name.split('-').map((w) => w.charAt(0).toUpperCase() + w.slice(1)).join('');

/** The pipeline as description.yaml shows it: timeouts in seconds. */
export function describePipeline(actions: readonly PipelineAction[]): unknown {
  return { pipeline: actions.map(describe) };
}

function describe(a: PipelineAction): Record<string, unknown> {
  return {
    class: `${camelCase(a.name)}${a.name.endsWith('-action') ? '' : 'Action'}`,
    name: a.name,
    level: a.level,
    max_retries: a.maxRetries,
    description: a.spec.description ?? a.spec.summary,
    summary: a.spec.summary,
    timeout: a.timeout,
    ...(a.children.length > 0 && { pipeline: a.children.map(describe) }),
  };
}
