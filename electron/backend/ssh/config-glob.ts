import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** How many paths one pattern may give. */
const LIMIT = 1000;

/**
 * glob(3) over absolute paths, as Include uses it: `*`, `?`, `[a-z]`, `[!a-z]` and backslashes in each
 * component; a leading dot must be written; sorted by bytes. A path without them is given if it exists.
 */
export async function glob(pattern: string): Promise<string[]> {
  let found = ['/'];
  for (const component of pattern.split('/').filter((part) => part !== '')) {
    const next: string[] = [];
    for (const folder of found) {
      if (!/[*?[\\]/.test(component)) next.push(join(folder, component));
      else {
        const matcher = componentMatcher(component);
        const names = await readdir(folder).catch(() => []);
        for (const name of names.sort(byBytes))
          if (matcher.test(name) && (component.startsWith('.') || !name.startsWith('.')))
            next.push(join(folder, name));
      }
    }
    found = next.slice(0, LIMIT);
  }
  const there = await Promise.all(
    found.map((path) =>
      stat(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.filter((_path, index) => there[index]).sort(byBytes);
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function componentMatcher(component: string): RegExp {
  let source = '';
  for (let i = 0; i < component.length; i++) {
    const char = component[i] ?? '';
    const close = char === '[' ? component.indexOf(']', i + 2) : -1;
    if (char === '*') source += source.endsWith('[^]*') ? '' : '[^]*';
    else if (char === '?') source += '[^]';
    else if (char === '\\' && i + 1 < component.length) source += literal(component[++i] ?? '');
    else if (close > 0) {
      const set = component.slice(i + 1, close);
      const negated = /^[!^]/.test(set);
      source += `[${negated ? '^' : ''}${set.slice(negated ? 1 : 0).replace(/[\\\]^[]/g, '\\$&')}]`;
      i = close;
    } else source += literal(char);
  }
  try {
    return new RegExp(`^${source}$`, 's');
  } catch {
    return new RegExp(`^${literal(component)}$`);
  }
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
