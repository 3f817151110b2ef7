import { describe, expect, test } from 'vitest';
import { judgeFacts } from '../../../electron/backend/target/survey.ts';
import { surveyText } from '../../../renderer/features/target/survey-text.ts';
import { survey as en } from '../../../renderer/texts/en/survey.ts';
import { survey as zhCN } from '../../../renderer/texts/zh-CN/survey.ts';
import type { TargetFacts } from '../../../shared/contract/api.ts';

const able: TargetFacts = {
  hostname: 'edge-01',
  release: '6.1.0-42-amd64',
  machine: 'x86_64',
  btfBytes: 5_200_000,
  bpftrace: { version: '0.17.0', major: 0, minor: 17 },
  uid: 0,
  tracefs: '/sys/kernel/tracing',
  lockdown: 'none',
  connection: { clientAddress: '192.0.2.1', clientPort: 51122, serverAddress: '192.0.2.40', serverPort: 22 },
  clockOffset: '0',
};
const bare: TargetFacts = {
  ...able,
  machine: 's390x',
  btfBytes: null,
  bpftrace: null,
  uid: 1000,
  tracefs: null,
  lockdown: null,
  connection: null,
};
const judged = [
  ...judgeFacts(able),
  ...judgeFacts(bare),
  ...judgeFacts({ ...able, bpftrace: { version: '0.15.0', major: 0, minor: 15 }, lockdown: 'integrity' }),
  ...judgeFacts({
    ...able,
    bpftrace: { version: '0.27.0', major: 0, minor: 27 },
    lockdown: 'confidentiality',
  }),
  ...judgeFacts({ ...bare, capable: true }),
  ...judgeFacts(bare, 'ERROR: bpftrace currently only supports running as the root user.'),
  ...judgeFacts(bare, 'ERROR: bpftrace requires CAP_BPF capability'),
  ...judgeFacts(bare, 'ERROR: Error attaching probe: interval:ms:1'),
];
const texts = [...new Set(judged.flatMap(({ value, remedy }) => [value, remedy]))].filter(Boolean);
/** Names, versions, paths and numbers, which are the same in every language. */
const NAMES =
  /^(?:[\w.-]+ \(edge-01\)|x86_64|s390x|root|\/sys\/[\w/]+|integrity|confidentiality|[\d.]+:\d+ - [\d.]+:\d+)$/;

describe('what the survey says', () => {
  test('is told in Chinese, all of it, whatever the target can do', () => {
    expect(texts.length).toBeGreaterThan(25);
    for (const text of texts.filter((one) => !NAMES.test(one)))
      expect(surveyText(text, 'zh-CN'), text).toMatch(/[\u4e00-\u9fff]/);
    for (const text of texts.filter((one) => NAMES.test(one))) expect(surveyText(text, 'zh-CN')).toBe(text);
  });

  test('stays as it is in English', () => {
    for (const text of texts) expect(surveyText(text, 'en')).toBe(text);
  });

  test('keeps its values, also such as have no end of lines in them', () => {
    expect(surveyText('uid 7; bpftrace says: ERROR: a {b}\n$1', 'zh-CN')).toBe(
      'uid 7；bpftrace 说：ERROR: a {b}\n$1',
    );
    expect(surveyText('0.17.0, BTF probes are called kfunc', 'zh-CN')).toBe('0.17.0，BTF 探针称为 kfunc');
    expect(surveyText('none of this', 'zh-CN')).toBe('none of this');
  });

  test('has no words that the survey never says', () => {
    const said = (pattern: string): boolean => {
      const [first = '', ...rest] = pattern.split(/\{\w+\}/);
      return texts.some((text) => text.startsWith(first) && rest.every((part) => text.includes(part)));
    };
    for (const [key, pattern] of Object.entries(en)) expect(said(pattern), key).toBe(true);
    expect(Object.keys(zhCN)).toEqual(Object.keys(en));
  });
});
