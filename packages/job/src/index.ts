export * from './log-record.ts';
export * from './mapping.ts';
export * from './states.ts';
export * from './timeouts.ts';
