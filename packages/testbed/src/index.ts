export * from './guest-image.ts';
export * from './link/fake-server.ts';
export * from './link/tcp-proxy.ts';
export * from './system/lava-system.ts';
export * from './system/ports.ts';
export * from './system/program.ts';
export * from './system/wait-until.ts';
export * from './usb/mock-usb.ts';
