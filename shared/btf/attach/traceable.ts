/** Module name that stands for the kernel proper. */
export const kernelProper = 'vmlinux';

/** How often each function is listed, by name and module. */
export class FunctionCounts {
  readonly #counts = new Map<string, number>();

  add(name: string, module: string): void {
    const key = module === kernelProper ? name : `${name} ${module}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** 0 when not listed. */
  count(name: string, module: string): number {
    return this.#counts.get(module === kernelProper ? name : `${name} ${module}`) ?? 0;
  }

  /** Every function listed, once, in the order of the list. */
  *listed(): Iterable<{ readonly name: string; readonly module: string }> {
    for (const key of this.#counts.keys()) {
      const space = key.indexOf(' ');
      yield space < 0
        ? { name: key, module: kernelProper }
        : { name: key.slice(0, space), module: key.slice(space + 1) };
    }
  }

  /** Different functions listed. */
  get size(): number {
    return this.#counts.size;
  }
}

/**
 * Reads /sys/kernel/tracing/available_filter_functions: a line `NAME` or `NAME [MODULE]` for each place
 * ftrace can patch. One name several times: several functions share it. Lines `__ftrace_invalid_address___N`
 * are not functions (kernel/trace/ftrace.c).
 */
export function parseTraceable(text: string): FunctionCounts {
  const counts = new FunctionCounts();
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf('\n', at);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(at, end).trim();
    at = end + 1;
    if (line === '' || line.startsWith('__ftrace_invalid_address__')) continue;
    const bracket = line.indexOf('[');
    if (bracket === -1) counts.add(line, kernelProper);
    else counts.add(line.slice(0, bracket).trim(), line.slice(bracket + 1).replace(/\].*$/, ''));
  }
  return counts;
}
