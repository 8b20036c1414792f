export * from './assets.ts';
export * from './clock.ts';
export * from './daemon-log.ts';
export * from './duration.ts';
export * from './errors.ts';
export * from './paths.ts';
export * from './suggest.ts';
export * from './version.ts';
