import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Chromium of the system, in a container, saying nothing to anyone. */
const chromiumArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const browserTests = 'test/**/*.browser.test.ts';
const labTests = 'test/**/*.e2e.test.ts';
const gateTests = 'test/gates/**/*.test.ts';

/**
 * Four projects, one after the other: `unit` in Node, `browser` in Chromium, `gates` (each runs the
 * checkers themselves), and `lab`: two files at a time, each with a guest of its own (guestAlone), since a
 * virtual machine keeps one core busy.
 * `import 'electron'` outside Electron would try to download it, so every test gets the stub.
 */
export default defineConfig({
  root,
  test: {
    alias: { electron: fileURLToPath(new URL('../test/electron/electron-stub.ts', import.meta.url)) },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [browserTests, labTests, gateTests],
          testTimeout: 30_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        plugins: [svelte({ configFile: false })],
        test: {
          name: 'browser',
          include: [browserTests],
          testTimeout: 30_000,
          sequence: { groupOrder: 1 },
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { executablePath: '/usr/bin/chromium', args: chromiumArguments },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        extends: true,
        test: {
          name: 'gates',
          include: [gateTests],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'lab',
          include: [labTests],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          setupFiles: ['test/lab/give-back.setup.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
