export * from './check-job.ts';
export * from './log-record.ts';
export * from './mapping.ts';
export * from './problem.ts';
export * from './states.ts';
export * from './timeouts.ts';
export { contextVariables } from './schema/context.ts';
