import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import product from '../../../build/vite.config.ts';

/** `npx vite -c test/renderer/dev/vite.config.ts`: the page over a fake backend. */
export default defineConfig({
  ...product,
  root: fileURLToPath(new URL('.', import.meta.url)),
  publicDir: fileURLToPath(new URL('../../../renderer/public', import.meta.url)),
  cacheDir: fileURLToPath(new URL('../../../node_modules/.vite-dev', import.meta.url)),
  server: {
    host: '127.0.0.1',
    port: 5199,
    fs: { allow: [fileURLToPath(new URL('../../..', import.meta.url))] },
  },
});
