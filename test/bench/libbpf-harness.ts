import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Does with libbpf what btf-worker.ts does with ours, and prints milliseconds: parse, prototypes (parse
 * included), warm parse.
 */
const source = String.raw`
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <bpf/btf.h>

static double now(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec * 1e3 + at.tv_nsec / 1e6;
}

static size_t characters;

static void print(void *context, const char *format, va_list arguments)
{
	char text[4096];
	(void)context;
	characters += vsnprintf(text, sizeof(text), format, arguments);
}

static int by_time(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return left < right ? -1 : left > right;
}

int main(int count, char **words)
{
	double start = now(), parsed, prototypes, warm[15];
	struct btf *btf = btf__parse_raw(words[1]);
	struct btf_dump *dump;
	unsigned id;
	int i;

	(void)count;
	if (!btf)
		return 1;
	parsed = now() - start;
	dump = btf_dump__new(btf, print, NULL, NULL);
	if (!dump)
		return 1;
	for (id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		LIBBPF_OPTS(btf_dump_emit_type_decl_opts, options);
		if (btf_kind(type) != BTF_KIND_FUNC)
			continue;
		options.field_name = btf__name_by_offset(btf, type->name_off);
		btf_dump__emit_type_decl(dump, type->type, &options);
	}
	prototypes = now() - start;
	for (i = 0; i < 15; i++) {
		double again = now();
		btf__free(btf__parse_raw(words[1]));
		warm[i] = now() - again;
	}
	qsort(warm, 15, sizeof(warm[0]), by_time);
	printf("{\"parse\":%f,\"prototypes\":%f,\"warm\":%f,\"characters\":%zu}\n", parsed, prototypes, warm[7], characters);
	return 0;
}
`;

/**
 * Compiles the program into `folder`; null where there is no compiler or no libbpf to compile against
 * (Debian: gcc, libbpf-dev).
 */
export function buildLibbpfHarness(folder: string): string | null {
  const program = join(folder, 'libbpf-harness');
  const file = join(folder, 'libbpf-harness.c');
  writeFileSync(file, source);
  const { status } = spawnSync('cc', ['-O2', '-o', program, file, '-lbpf'], { stdio: 'ignore' });
  return status === 0 ? program : null;
}
