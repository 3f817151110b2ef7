import { svelte } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const root = fileURLToPath(new URL('../renderer', import.meta.url));

/** The page: the same files are served by the loopback host and by Electron's own protocol, hence `./`. */
export default defineConfig({
  root,
  base: './',
  plugins: [
    svelte({
      configFile: false,
      compilerOptions: { runes: ({ filename }) => !filename.includes('node_modules') || undefined },
    }),
  ],
  build: {
    outDir: fileURLToPath(new URL('../dist/renderer', import.meta.url)),
    emptyOutDir: true,
    target: 'chrome130',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
  },
});
