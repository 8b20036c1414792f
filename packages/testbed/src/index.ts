export * from './guest-image.ts';
