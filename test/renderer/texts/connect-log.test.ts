import { expect, test } from 'vitest';
import { connectLog } from '../../../renderer/texts/zh-CN/connect-log.ts';
import { CONNECT_LOG_TEXTS } from '../../../shared/contract/connect-log.ts';

const blanks = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).toSorted();
const keys = Object.keys(CONNECT_LOG_TEXTS) as (keyof typeof CONNECT_LOG_TEXTS)[];

test('every line of the connection log is told in Chinese, with the same blanks and full-width punctuation', () => {
  expect(Object.keys(connectLog).toSorted()).toEqual(keys.toSorted());
  for (const key of keys) {
    expect(blanks(connectLog[key]), key).toEqual(blanks(CONNECT_LOG_TEXTS[key]));
    if (/[a-z]{2}/i.test(CONNECT_LOG_TEXTS[key].replace(/\{\w+\}/g, '')))
      expect(connectLog[key], key).toMatch(/[\u4e00-\u9fff]/);
    expect(connectLog[key], key).not.toMatch(/[\u4e00-\u9fff][,:;?()]|[,:;?()][\u4e00-\u9fff]/);
  }
});
