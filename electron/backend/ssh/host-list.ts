import type { HostEntry } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import { resolveWith } from './config.ts';
import type { SshOverrides } from './config.ts';
import { readConfigFiles } from './config-file.ts';
import type { ConfigFile } from './config-file.ts';

/**
 * The concrete aliases of the ssh config and of the files that it includes, each once, in the order in
 * which ssh reads them, with the file that names it first. One that cannot be resolved is listed all the
 * same, with the reason. Throws `ssh-config-unreadable`.
 */
export async function listHosts(overrides: SshOverrides): Promise<HostEntry[]> {
  const files = await readConfigFiles(overrides.configFile);
  const sources = new Map<string, string>();
  for (const file of files) gatherAliases(file, sources);
  return [...sources].map(([host, source]) => ({ host, source, resolved: describe(host) }));

  function describe(alias: string): string {
    try {
      const { user, hostName, port } = resolveWith(files, alias, overrides);
      return `${user}@${hostName}${port === 22 ? '' : `:${port}`}`;
    } catch (error) {
      return error instanceof Fail ? error.failure.message : alias;
    }
  }
}

function gatherAliases({ file, lines }: ConfigFile, sources: Map<string, string>): void {
  for (const line of lines) {
    if (line.kind === 'include') for (const included of line.files) gatherAliases(included, sources);
    else if (line.directive.keyword === 'host')
      for (const word of line.directive.words)
        if (/^[^*?!]+$/.test(word) && !sources.has(word)) sources.set(word, file);
  }
}
