import { mappingAt, type Mapping } from '@lava/job';
import { withToolContainer } from '../containers/tool-container.ts';
import type { Action, ExecOptions, ExecResult } from '../pipeline/action.ts';

interface ToolOptions extends ExecOptions {
  /** The container for it where the block says none. */
  readonly docker?: Mapping | undefined;
  /** Further options of `docker run`. */
  readonly dockerOptions?: readonly string[];
}

/**
 * Runs a program that flashes on the worker or, where the block says `docker`, in a container that sees the device's USB
 * parts. @param files files and folders that its words name
 */
export async function runTool(a: Action, argv: readonly string[], files: readonly string[] = [], { docker: fallback, dockerOptions = [], ...options }: ToolOptions = {}): Promise<ExecResult> {
  const docker = mappingAt(a.parameters, 'docker') ?? fallback;
  if (!docker) return a.exec(argv, options);
  return withToolContainer(a, { docker, files, environment: options.env, more: dockerOptions }, (inside) => a.exec(inside(argv, options.cwd), options));
}
