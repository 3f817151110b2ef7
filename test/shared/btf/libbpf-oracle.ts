import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Prints the prototype of every function of a BTF (on top of a base), one a line, unnamed bodies and all. */
const source = String.raw`
#include <stdarg.h>
#include <stdio.h>
#include <bpf/btf.h>

static void print(void *context, const char *format, va_list arguments)
{
	char text[65536], *at;
	(void)context;
	vsnprintf(text, sizeof(text), format, arguments);
	for (at = text; *at; at++)
		putchar(*at == '\n' || *at == '\t' ? ' ' : *at);
}

int main(int count, char **words)
{
	struct btf *base = count > 2 ? btf__parse_raw(words[2]) : NULL;
	struct btf *btf = count > 2 ? btf__parse_raw_split(words[1], base) : btf__parse_raw(words[1]);
	struct btf_dump *dump;
	unsigned id;

	if (!btf)
		return 1;
	dump = btf_dump__new(btf, print, NULL, NULL);
	if (!dump)
		return 1;
	for (id = base ? btf__type_cnt(base) : 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		LIBBPF_OPTS(btf_dump_emit_type_decl_opts, options);
		if (btf_kind(type) != BTF_KIND_FUNC)
			continue;
		options.field_name = btf__name_by_offset(btf, type->name_off);
		btf_dump__emit_type_decl(dump, type->type, &options);
		putchar('\n');
	}
	return 0;
}
`;

function compile(folder: string): string | null {
  const file = join(folder, 'prototypes.c');
  const program = join(folder, 'prototypes');
  writeFileSync(file, source);
  const { status } = spawnSync('cc', ['-O1', '-o', program, file, '-lbpf'], { stdio: 'ignore' });
  return status === 0 ? program : null;
}

/** Why libbpf cannot be used as an oracle; null when it can. */
export function missingLibbpf(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'skblens-libbpf-'));
  const program = compile(folder);
  rmSync(folder, { recursive: true, force: true });
  return program === null
    ? 'no compiler or no libbpf to compile against: apt-get install gcc libbpf-dev'
    : null;
}

/** The prototypes of a BTF file's functions, in file order, as libbpf writes them. */
export function libbpfPrototypes(file: string, base?: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'skblens-libbpf-'));
  try {
    const program = compile(folder);
    if (program === null) throw new Error('libbpf harness does not compile');
    const args = base === undefined ? [file] : [file, base];
    const text = execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
    return text.split('\n').slice(0, -1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A prototype without what libbpf writes otherwise on purpose: bodies of unnamed types, `___2` behind the
 * second struct of a name, `()` for no parameters, `[0]`, a space before `(*`, and (before 1.6) attributes as
 * tags.
 */
function withoutLibbpfHabits(text: string): string {
  let plain = text.replace(/___\d+\b/g, '');
  for (let before = ''; before !== plain;) {
    before = plain;
    plain = plain.replace(/\{[^{}]*\}/g, '<body>');
  }
  return plain
    .replaceAll('<body>', '{...}')
    .replace(/ +/g, ' ')
    .replaceAll('()', '(void)')
    .replaceAll('[0]', '[]')
    .replaceAll('* (*', '*(*')
    .replace(/btf_type_tag\("(address_space\(\d+\))"\)/g, '$1');
}

/**
 * The prototypes that differ, both texts. The order of `const volatile` is libbpf's own: it does not follow
 * the file.
 */
export function prototypeDifferences(theirs: readonly string[], ours: readonly string[]): string[] {
  const inOneOrder = (text: string): string => text.replaceAll('volatile const', 'const volatile');
  return theirs.flatMap((text, i) => {
    const expected = withoutLibbpfHabits(text);
    const actual = ours[i] ?? '';
    return inOneOrder(expected) === inOneOrder(actual) ? [] : [`${expected}\n${actual}`];
  });
}
