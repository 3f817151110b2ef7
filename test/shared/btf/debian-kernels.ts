import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { carveBtf } from './carve.ts';

/** The BTF of a Debian kernel, and of some of its modules where wanted. */
export interface DebianKernel {
  /** Package and version it comes from: `linux-binary-7.2.13+deb14-s390x_7.2.13-1_s390x`. */
  readonly source: string;
  readonly vmlinux: string;
  readonly modules: readonly string[];
}

const cache = join(homedir(), '.cache', 'skblens', 'btf');
const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/**
 * An apt of its own (sid, three architectures), so that the machine's is left alone. Throws without network.
 */
function privateApt(): (program: string, ...args: string[]) => string {
  const state = join(cache, 'apt');
  for (const folder of ['lists/partial', 'cache/archives/partial', 'etc']) {
    mkdirSync(join(state, folder), { recursive: true });
  }
  writeFileSync(join(state, 'status'), '');
  const key = '/usr/share/keyrings/debian-archive-keyring.gpg';
  writeFileSync(
    join(state, 'etc', 'sources.list'),
    `deb [arch=amd64,arm64,s390x signed-by=${key}] http://deb.debian.org/debian sid main\n`,
  );
  const config = join(state, 'apt.conf');
  writeFileSync(
    config,
    [
      `Dir::State "${state}";`,
      `Dir::State::lists "${state}/lists";`,
      `Dir::State::status "${state}/status";`,
      `Dir::Cache "${state}/cache";`,
      `Dir::Etc::sourcelist "${state}/etc/sources.list";`,
      'Dir::Etc::sourceparts "/dev/null";',
      'Dir::Etc::preferences "/dev/null";',
      'Dir::Etc::preferencesparts "/dev/null";',
      'APT::Architecture "amd64";',
      'APT::Architectures {"amd64";"arm64";"s390x";};',
      'Acquire::Languages "none";',
      'Acquire::Check-Valid-Until "false";',
      `APT::Sandbox::User "${process.env['USER'] ?? 'root'}";`,
      '',
    ].join('\n'),
  );
  const run = (program: string, ...args: string[]): string =>
    execFileSync(program, args, {
      encoding: 'utf8',
      env: { ...process.env, APT_CONFIG: config },
      cwd: cache,
      timeout: 240_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  run('apt-get', 'update', '-qq');
  return run;
}

/** The newest package whose name is `prefix`, a version and `suffix`. */
function newestPackage(
  run: ReturnType<typeof privateApt>,
  prefix: string,
  suffix: string,
  architecture: string,
): string {
  const names = run('apt-cache', 'search', '--names-only', `^${prefix}-[0-9.]+\\+deb[0-9]+-${suffix}$`)
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name !== '')
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const newest = names.at(-1);
  if (newest === undefined) throw new Error(`Debian has no ${prefix}-*-${suffix}`);
  return `${newest}:${architecture}`;
}

/** Downloads a package, hands its unpacked files to `use`, and throws both away. */
function withPackage<T>(
  run: ReturnType<typeof privateApt>,
  name: string,
  use: (folder: string, source: string) => T,
): T {
  const folder = mkdtempSync(join(tmpdir(), 'skblens-deb-'));
  try {
    run('apt-get', 'download', '-qq', name);
    const file = readdirSync(cache).find((entry) => entry.endsWith('.deb'));
    if (file === undefined) throw new Error(`${name} was not downloaded`);
    execFileSync('dpkg-deb', ['-x', join(cache, file), folder]);
    rmSync(join(cache, file));
    return use(folder, decodeURIComponent(file.replace(/\.deb$/, '')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The kernel's BTF: plain in the image, or inside its zstd payload. */
function btfOfImage(image: Buffer): Buffer {
  const plain = carveBtf(image, 1_000_000)[0];
  if (plain !== undefined) return plain;
  for (let at = image.indexOf(zstdMagic); at !== -1; at = image.indexOf(zstdMagic, at + 1)) {
    const { stdout } = spawnSync('zstd', ['-dcq'], { input: image.subarray(at), maxBuffer: 1 << 29 });
    const packed = carveBtf(stdout, 1_000_000)[0];
    if (packed !== undefined) return packed;
  }
  throw new Error('there is no BTF in the image');
}

/**
 * The BTF of Debian's newest kernel for an architecture, downloaded on first use and then kept in
 * ~/.cache/skblens/btf. `wantedModules`: up to so many modules' too. Throws where it cannot be had.
 */
export function debianKernel(
  flavour: 'cloud-amd64' | 'cloud-arm64' | 's390x',
  wantedModules: number,
): DebianKernel {
  const folder = join(cache, flavour);
  const note = join(folder, 'source.json');
  if (!existsSync(note)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const run = privateApt();
    const architecture = flavour.replace('cloud-', '');
    const name = newestPackage(run, 'linux-binary', flavour, architecture);
    const source = withPackage(run, name, (unpacked, from) => {
      const image = filesUnder(unpacked).find((file) => file.endsWith('/vmlinuz'));
      if (image === undefined) throw new Error(`${from} has no vmlinuz`);
      writeFileSync(join(folder, 'vmlinux.btf'), btfOfImage(readFileSync(image)));
      return from;
    });
    if (wantedModules > 0) {
      withPackage(run, name.replace('linux-binary', 'linux-modules'), (unpacked) => {
        const files = filesUnder(unpacked).filter((file) => /\.ko\.xz$/.test(file) && file.includes('/net/'));
        for (const file of files.slice(0, wantedModules)) {
          const { stdout } = spawnSync('xz', ['-dc', file], { maxBuffer: 1 << 28 });
          const [btf] = carveBtf(stdout, 12);
          const module = (file.split('/').at(-1) ?? '').replace('.ko.xz', '');
          if (btf !== undefined) writeFileSync(join(folder, `module-${module}.btf`), btf);
        }
      });
    }
    writeFileSync(note, JSON.stringify({ source }));
  }
  const { source } = JSON.parse(readFileSync(note, 'utf8')) as { source: string };
  const modules = readdirSync(folder).filter((file) => file.startsWith('module-'));
  return { source, vmlinux: join(folder, 'vmlinux.btf'), modules: modules.map((file) => join(folder, file)) };
}
