// @ts-check
import { basename } from 'node:path';

/** Names that say nothing of what is in a file. */
const emptyNames = /^(utils?|helpers?|common|misc|stuff)(\.svelte)?\.(ts|js|mjs|cjs|svelte)$/;

/** @type {import('eslint').Rule.RuleModule} */
const tellingFileName = {
  meta: { type: 'suggestion', schema: [], messages: { empty: '{{name}} does not say what its one job is.' } },
  create: (context) => ({
    Program(node) {
      const name = basename(context.filename);
      if (emptyNames.test(name)) context.report({ node, messageId: 'empty', data: { name } });
    },
  }),
};

/** @type {import('eslint').Rule.RuleModule} */
const noBarrel = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { barrel: 'A file that only exports what others export: import from those instead.' },
  },
  create: (context) => ({
    Program(node) {
      const exports = node.body.filter(({ type }) => type.startsWith('Export'));
      const passedOn = exports.filter((statement) => 'source' in statement && statement.source);
      if (exports.length > 0 && passedOn.length === exports.length)
        context.report({ node, messageId: 'barrel' });
    },
  }),
};

/** @type {import('eslint').ESLint.Plugin} */
export const houseRules = { rules: { 'telling-file-name': tellingFileName, 'no-barrel': noBarrel } };
