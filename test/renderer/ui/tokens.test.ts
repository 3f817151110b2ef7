import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const css = readFileSync(new URL('../../../renderer/ui/tokens.css', import.meta.url), 'utf8');

/** `--name: light-dark(#light, #dark)` or one colour for both. */
function token(name: string): readonly [light: string, dark: string] {
  const value = new RegExp(`--${name}:\\s*([^;]+);`).exec(css)?.[1] ?? '';
  const colours = [...value.matchAll(/#[0-9a-f]{6}\b/g)].map((match) => match[0]);
  const [light, dark] = colours;
  if (light === undefined) throw new Error(`--${name} is no colour: ${value}`);
  return [light, dark ?? light];
}

/** Relative luminance (WCAG 2.2). */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const grounds = [
  'ground',
  'ground-side',
  'ground-bar',
  'ground-raised',
  'ground-hover',
  'ground-selected',
  'ground-input',
];
const readable: [text: string, ground: string][] = [
  ...grounds.flatMap((ground): [string, string][] => [
    ['text', ground],
    ['text-soft', ground],
    ['text-mark', ground],
  ]),
  ...['good', 'warn', 'bad', 'odd'].flatMap((tone): [string, string][] => [
    [tone, 'ground'],
    [tone, 'ground-side'],
    [tone, 'ground-bar'],
    [tone, `${tone}-ground`],
    ['text', `${tone}-ground`],
  ]),
  ['replay', 'replay-ground'],
  ['replay', 'ground'],
  ['accent', 'ground'],
  ['accent', 'ground-side'],
  ['accent-text', 'accent-fill'],
  ['accent-text', 'accent-fill-hover'],
  ['text', 'hex-field'],
  ['text', 'hex-layer'],
  ['text-soft', 'hex-layer'],
];
const visible: [part: string, ground: string][] = [
  ['line-strong', 'ground'],
  ['line-strong', 'ground-side'],
  ['focus', 'ground'],
  ['focus', 'ground-side'],
  ['focus', 'ground-bar'],
  ['focus', 'ground-selected'],
  ['hex-expected', 'ground'],
  ['hex-expected', 'hex-layer'],
];

describe.each([
  ['light', 0],
  ['dark', 1],
] as const)('%s theme', (_theme, at) => {
  test.each(readable)('text %s on %s can be read (4.5:1)', (text, ground) => {
    expect(contrast(token(text)[at], token(ground)[at])).toBeGreaterThanOrEqual(4.5);
  });

  test.each(visible)('%s on %s can be seen (3:1)', (part, ground) => {
    expect(contrast(token(part)[at], token(ground)[at])).toBeGreaterThanOrEqual(3);
  });
});
