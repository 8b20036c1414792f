import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `npx vite` (the development server) finds the HTTP interface. */
const server = process.env.LAVA_SERVER ?? 'http://127.0.0.1:8000';
const forward = { target: server, changeOrigin: false };

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    // The content security policy allows nothing inline: no data: assets, no preload script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': forward,
      '/ws': { ...forward, ws: true },
      '^/scheduler/job/[^/]+/(log_file/plain|definition/plain|configuration|description)$': forward,
    },
  },
});
