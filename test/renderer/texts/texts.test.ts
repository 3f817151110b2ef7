import { describe, expect, test } from 'vitest';
import { en } from '../../../renderer/texts/en.ts';
import { zhCN } from '../../../renderer/texts/zh-CN.ts';

const keys = Object.keys(en) as (keyof typeof en)[];
const blanks = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '').toSorted();

describe('texts', () => {
  test('both languages have the same keys, none of them empty', () => {
    expect(Object.keys(zhCN).toSorted()).toEqual(keys.toSorted());
    for (const key of keys) {
      expect(en[key].trim(), key).not.toBe('');
      expect(zhCN[key].trim(), key).not.toBe('');
    }
  });

  test('a text has the same blanks in both', () => {
    for (const key of keys) expect(blanks(zhCN[key]), key).toEqual(blanks(en[key]));
  });

  test('Chinese texts are Chinese, but for the names of things', () => {
    const alike = keys.filter((key) => !/[\u4e00-\u9fff]/.test(zhCN[key]));
    for (const key of alike) expect(zhCN[key], key).toBe(en[key]);
    expect(alike.length).toBeLessThan(keys.length / 8);
  });

  test('Chinese punctuation beside Chinese text is full width', () => {
    for (const key of keys)
      expect(zhCN[key], key).not.toMatch(/[\u4e00-\u9fff][,:;?()]|[,:;?()][\u4e00-\u9fff]/);
  });
});
