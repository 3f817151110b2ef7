import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fail } from '../../../shared/contract/failure.ts';
import { profile } from '../../../shared/profile/schema.ts';
import type { Profile } from '../../../shared/profile/schema.ts';

const SUFFIX = '.skblens.json';
/** Notes are 20,000 characters at most; a larger file is not an investigation. */
const MAX_BYTES = 1 << 20;

/** Investigations as files of one folder, one each; a file that is not valid is left alone and skipped in the list. */
export class ProfileStore {
  readonly #directory: string;
  #saves = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async list(): Promise<Profile[]> {
    const names = await readdir(this.#directory).catch(() => [] as string[]);
    const profiles: Profile[] = [];
    for (const name of names.filter((one) => one.endsWith(SUFFIX)).sort())
      await readProfile(join(this.#directory, name)).then(
        (read) => profiles.push(read),
        () => undefined,
      );
    return profiles;
  }

  /** Writes the file whole or not at all. */
  async save(saved: Profile): Promise<void> {
    const file = this.#file(saved.name);
    const temporary = `${file}.${process.pid}-${++this.#saves}.tmp`;
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await writeFile(temporary, `${JSON.stringify(saved, null, 2)}\n`, { mode: 0o600 });
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw new Fail('file-unwritable', { file, message: (error as Error).message });
    }
  }

  async remove(name: string): Promise<void> {
    const file = this.#file(name);
    await rm(file, { force: true }).catch((error: unknown) => {
      throw new Fail('file-unwritable', { file, message: (error as Error).message });
    });
  }

  /** Only names the schema accepts become file names: no separators, no leading dot. */
  #file(name: string): string {
    if (!profile.shape.name.safeParse(name).success) throw new Fail('profile-name-invalid', { name });
    return join(this.#directory, name + SUFFIX);
  }
}

/** Reads and checks one investigation. Throws `profile-unreadable`, or `profile-invalid` with the field's path. */
export async function readProfile(file: string): Promise<Profile> {
  let json: unknown;
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new Error('not a file');
    if (found.size > MAX_BYTES) throw new Error(`${found.size} bytes, more than ${MAX_BYTES}`);
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new Fail('profile-unreadable', { file, message: (error as Error).message });
  }
  const parsed = profile.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Fail('profile-invalid', {
    file,
    path: issue?.path.join('.') || 'the top level',
    message: issue?.message ?? 'not an investigation',
  });
}
