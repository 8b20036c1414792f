export * from './log-record.ts';
export * from './states.ts';
