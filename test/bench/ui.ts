/** The built page in Chromium, over a backend in the same thread with 60,000 functions and 10,000 events a second. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { build, preview } from 'vite';
import { launchChromium } from '../support/browser.ts';
import { median } from './bench-line.ts';
import type { BenchLine } from './bench-line.ts';

const CONFIG = fileURLToPath(new URL('../renderer/dev/vite.config.ts', import.meta.url));
const ROUNDS = 3;
const SECONDS = 4;
const TYPED = ['ip_rcv_core', 'tcp v4 rcv', 'skb ->bool', 'arg:net_device', 'iprcvc', 'nosuchname'];

export async function run(): Promise<BenchLine[]> {
  const directory = mkdtempSync(join(tmpdir(), 'skblens-bench-ui-'));
  await build({ configFile: CONFIG, logLevel: 'error', build: { outDir: directory, emptyOutDir: true } });
  const server = await preview({
    configFile: CONFIG,
    logLevel: 'error',
    build: { outDir: directory },
    preview: { host: '127.0.0.1', port: 0 },
  });
  const browser = await launchChromium();
  try {
    const url = `${server.resolvedUrls?.local[0] ?? ''}?functions=60000&rate=10000`;
    const [starts, keys, longest, scrolls, tails]: number[][] = [[], [], [], [], []];
    for (let round = 0; round < ROUNDS; round++) {
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'en-US' });
      await page.goto(url);
      starts?.push(await untilTree(page));
      const typed = await framesDuring(page, () => typing(page));
      keys?.push(...typed.value);
      longest?.push(typed.longest);
      scrolls?.push(await scrolling(page));
      tails?.push(await tailing(page));
      await page.close();
    }
    // A letter after which the list is as it was paints nothing.
    const sorted = (keys ?? []).filter(Number.isFinite).toSorted((a, b) => a - b);
    const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? NaN;
    return [
      measure('ui-scroll', median(scrolls ?? []), 'frames/s'),
      measure('ui-tail', median(tails ?? []), 'frames/s'),
      measure('ui-keystroke', p95, 'ms to the painted result, 95th percentile'),
      measure('ui-typing-frame', median(longest ?? []), 'ms, the longest frame while typing'),
      measure('ui-start', median(starts ?? []), 'ms from connecting to the painted tree'),
    ];
  } finally {
    await browser.close();
    await server.close();
    rmSync(directory, { recursive: true });
  }
}

function measure(bench: string, ours: number, unit: string): BenchLine {
  return { bench, ours: Math.round(ours * 10) / 10, peer: null, peerName: null, ratio: null, unit };
}

/** Milliseconds from Enter in the host box to the frame with the first row of the tree. */
async function untilTree(page: Page): Promise<number> {
  await page.getByRole('textbox', { name: 'Host' }).fill('edge-01');
  const key = await page.evaluateHandle(() => ({
    seen: new Promise<number>((resolve) => {
      addEventListener(
        'keydown',
        () => {
          const begin = performance.now();
          const look = (): void => {
            if (document.querySelector('[role="treeitem"]')) resolve(performance.now() - begin);
            else requestAnimationFrame(look);
          };
          requestAnimationFrame(look);
        },
        { once: true, capture: true },
      );
    }),
  }));
  await page.keyboard.press('Enter');
  await page.keyboard.press('Alt+2');
  return key.evaluate(({ seen }) => seen);
}

/** What `work` gives, and the longest time between two frames meanwhile, in milliseconds. */
async function framesDuring<T>(
  page: Page,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly longest: number }> {
  const watch = await page.evaluateHandle(() => {
    const seen = { longest: 0, on: true };
    let last = performance.now();
    const frame = (): void => {
      const now = performance.now();
      seen.longest = Math.max(seen.longest, now - last);
      last = now;
      if (seen.on) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    return seen;
  });
  const value = await work();
  const longest = await watch.evaluate((seen) => {
    seen.on = false;
    return seen.longest;
  });
  return { value, longest };
}

/** Milliseconds of each letter: from its event to the frame that shows what was found for the line. */
async function typing(page: Page): Promise<number[]> {
  const times: number[] = [];
  for (const line of TYPED)
    for (let length = 1; length <= line.length; length++)
      times.push(
        await page.evaluate(
          async (text) => {
            const input = document.querySelector<HTMLInputElement>('input[type="search"]');
            const section = input?.closest('section');
            if (!input || !section) return NaN;
            const begin = performance.now();
            input.value = text;
            input.dispatchEvent(new InputEvent('input', { bubbles: true }));
            await new Promise<void>((resolve) => {
              const seen = new MutationObserver(() => {
                seen.disconnect();
                resolve();
              });
              seen.observe(section, {
                subtree: true,
                childList: true,
                characterData: true,
                attributes: true,
              });
              setTimeout(resolve, 1000);
            });
            if (performance.now() - begin >= 1000) return NaN;
            return new Promise<number>((resolve) =>
              requestAnimationFrame(() => resolve(performance.now() - begin)),
            );
          },
          line.slice(0, length),
        ),
      );
  return times;
}

/** Frames a second while the tree of all functions scrolls by three rows a frame. */
async function scrolling(page: Page): Promise<number> {
  await page.getByRole('searchbox', { name: 'Search functions' }).fill('');
  await page.getByRole('combobox', { name: 'Divided by' }).selectOption('first-struct');
  await page.getByRole('treeitem').filter({ hasText: 'sk_buff' }).first().click();
  await page
    .getByRole('treeitem')
    .filter({ hasText: /^ *sock/ })
    .first()
    .click();
  return page.evaluate((seconds) => {
    const tree = document.querySelector('[role="tree"]');
    return new Promise<number>((resolve) => {
      const begin = performance.now();
      let frames = 0;
      const frame = (): void => {
        frames++;
        if (tree) tree.scrollTop += 66;
        const passed = performance.now() - begin;
        if (passed < seconds * 1000) requestAnimationFrame(frame);
        else resolve((frames * 1000) / passed);
      };
      requestAnimationFrame(frame);
    });
  }, SECONDS);
}

/** Frames a second while the list of events follows its end. */
async function tailing(page: Page): Promise<number> {
  await page.getByRole('searchbox', { name: 'Search functions' }).fill('ip_rcv_core');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'ip_rcv_core' }).waitFor();
  await page.keyboard.press('p');
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('option').first().waitFor();
  const rate = await page.evaluate(
    (seconds) =>
      new Promise<number>((resolve) => {
        const begin = performance.now();
        let frames = 0;
        const frame = (): void => {
          frames++;
          const passed = performance.now() - begin;
          if (passed < seconds * 1000) requestAnimationFrame(frame);
          else resolve((frames * 1000) / passed);
        };
        requestAnimationFrame(frame);
      }),
    SECONDS,
  );
  await page.getByRole('button', { name: 'Stop' }).first().click();
  return rate;
}
