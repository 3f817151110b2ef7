import { locale, t } from '../../state/locale.svelte.ts';
import type { TreeGroup } from '../../state/function-rows.ts';

/** What a group of the tree of functions is called on the screen. */
export function groupTitle({ kind, name }: Pick<TreeGroup, 'kind' | 'name'>): string {
  switch (kind) {
    case 'module':
      return name === 'vmlinux' ? t('functions.group.kernel') : name;
    case 'prefix':
      return `${name}_`;
    case 'struct':
      return name;
    case 'no-struct':
      return t('functions.group.no-struct');
    case 'other':
      return t('functions.group.other');
    case 'glue':
      return t('functions.group.glue');
    case 'without-btf':
      return t('functions.group.without-btf');
    case 'glue-kind':
    case 'path':
      return locale.find(`functions.group.${name}`) ?? name;
  }
}
