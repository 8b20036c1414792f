// What the programs of a worker need of its cache; jobs use it from within.
export { parseCacheSize } from './cache-size.ts';
export { cacheFolder, cacheLimit } from './download-cache.ts';
export { clear, entriesOf, holdings } from './folder.ts';
export { clearTally, readTally } from './tally.ts';
