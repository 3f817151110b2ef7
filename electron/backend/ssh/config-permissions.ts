import { readFile } from 'node:fs/promises';
import type { Stats } from 'node:fs';

/**
 * Whether nobody but the user and root can have written a config file, as ssh demands of ~/.ssh/config
 * and of included files; a group may write to it if the user is its only member, as Debian's ssh has it.
 */
export async function isSecure(stats: Pick<Stats, 'uid' | 'gid' | 'mode'>): Promise<boolean> {
  const me = process.getuid?.();
  if (me === undefined) return true;
  if ((stats.uid !== 0 && stats.uid !== me) || (stats.mode & 0o002) !== 0) return false;
  if ((stats.mode & 0o020) === 0) return true;
  const [passwd, group] = await Promise.all(
    ['/etc/passwd', '/etc/group'].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  return isPrivateGroup(stats.gid, me, passwd ?? '', group ?? '');
}

/** Whether `uid` is the one member of a group, by the texts of passwd(5) and group(5). */
export function isPrivateGroup(gid: number, uid: number, passwd: string, group: string): boolean {
  const fields = (text: string): string[][] => text.split('\n').map((line) => line.split(':'));
  const users = fields(passwd);
  const primary = users.filter((user) => user[3] === String(gid)).map((user) => user[2]);
  const name = users.find((user) => user[2] === String(uid))?.[0];
  const entry = fields(group).find((one) => one[2] === String(gid));
  if (entry === undefined || name === undefined) return false;
  const further = (entry[3] ?? '').split(',').filter((member) => member !== '');
  return (
    primary.length + further.length > 0 &&
    primary.every((one) => one === String(uid)) &&
    further.every((member) => member === name)
  );
}
